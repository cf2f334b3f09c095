"""How an article ended, and the record of it in log and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import structlog

from services.common.messages import SentimentSignal
from services.common.runtime.metrics import (
    ARTICLES_DEGRADED,
    ARTICLES_SCORED,
    ARTICLES_SUSPECTED,
    SCORES,
    SIGNALS_PUBLISHED,
    few,
)
from services.sentiment_analyzer.article.hostile import Suspicion
from services.sentiment_analyzer.stories.placement import Placement, StoryPart

log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    """How an article ended that was dealt with."""

    SCORED = "scored"
    ABSTAINED = "abstained"
    NOT_TRADED = "not_traded"
    OFF_TOPIC = "off_topic"
    EXPIRED = "expired"
    RETOLD = "retold"
    CONTRADICTS = "contradicts"
    REPOSTED = "reposted"
    UNSCORED = "unscored"


ANSWERS = frozenset({Outcome.SCORED, Outcome.ABSTAINED, Outcome.RETOLD, Outcome.CONTRADICTS})
"""The outcomes of articles on which the scorer was asked, and answered."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of an article. `reason` says why there are no signals, or why they are not only the article's own.

    Attributes:
        degraded: a fallback scored it.
        story: the article that told its story first, where that is known.
        suspicions: what in the article was meant for a machine.
        is_unusable: abstained only because what the scorer answered cannot be used.
    """

    outcome: Outcome
    signals: tuple[SentimentSignal, ...] = ()
    reason: str = ""
    degraded: bool = False
    story: str = ""
    suspicions: frozenset[Suspicion] = frozenset()
    is_unusable: bool = False


def judgement_of(place: Placement, *, degraded: bool = False) -> Judgement:
    """What comes of an article by its place in its story."""
    outcome = _OUTCOMES.get(place.part, Outcome.SCORED)
    return Judgement(outcome, place.signals, _reason(place), degraded, place.story)


def record(article_id: str, judgement: Judgement, scorer_name: str) -> None:
    """Count how an article ended, and log it."""
    ARTICLES_SCORED.labels(scorer_name, judgement.outcome).inc()
    if judgement.degraded:
        ARTICLES_DEGRADED.labels(scorer_name).inc()
    for suspicion in judgement.suspicions:
        ARTICLES_SUSPECTED.labels(suspicion).inc()
    for signal in judgement.signals:
        SIGNALS_PUBLISHED.labels(signal.pair, signal.sentiment_label, signal.scope).inc()
        SCORES.labels(few("source", signal.source), signal.sentiment_label).inc()
    log.info(
        "article_judged",
        trace_id=article_id,
        outcome=judgement.outcome.value,
        scores={signal.pair: round(signal.sentiment_score, 3) for signal in judgement.signals},
        **({"degraded": True} if judgement.degraded else {}),
        **({"suspicions": sorted(judgement.suspicions)} if judgement.suspicions else {}),
        **({"story": judgement.story} if judgement.story else {}),
        **({"reason": judgement.reason} if judgement.reason else {}),
    )


_OUTCOMES = {
    StoryPart.RETOLD: Outcome.RETOLD,
    StoryPart.CONTRADICTS: Outcome.CONTRADICTS,
    StoryPart.REPOSTED: Outcome.REPOSTED,
    StoryPart.UNSCORED: Outcome.UNSCORED,
}


def _reason(place: Placement) -> str:
    match place.part:
        case StoryPart.RETOLD if not place.signals:
            return f"tells the story of {place.story}, and its score says nothing either way"
        case StoryPart.RETOLD:
            return f"agrees with {', '.join(place.like)}, as {place.sources} further sources do by now"
        case StoryPart.CONTRADICTS:
            return f"contradicts {', '.join(place.like)}; what corroborated it before no longer counts"
        case StoryPart.REPOSTED:
            return f"the same source has published this text before: {', '.join(place.like)}"
        case StoryPart.UNSCORED:
            return (
                f"tells the story of {place.story}, as many sources do that were scored, and denies nothing of it "
                "(STORY_TELLINGS_SCORED)"
            )
        case _:
            return ""
