"""The outcome of an article, and its record in the log and the metrics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

import structlog

from services.common.broker.port import Delivery
from services.common.messages import NewsArticle, SentimentSignal
from services.common.runtime.few_values import few
from services.common.runtime.metrics import (
    ARTICLES_DEGRADED,
    ARTICLES_SCORED,
    ARTICLES_SUSPECTED,
    SCORES,
    SIGNALS_PUBLISHED,
)
from services.sentiment_analyzer.article.hostile import Suspicion
from services.sentiment_analyzer.matching.matcher import About
from services.sentiment_analyzer.stories.placement import Placement, StoryPart

log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    """The way in which the processing of an article ended."""

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
"""The outcomes of the articles for which the scorer gave an answer."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The result of processing an article.

    Attributes:
        reason: why there are no signals, or why there are signals other than the article's own.
        degraded: whether a fallback scored the article.
        story: the id of the first article of the story; empty if it is unknown.
        suspicions: the kinds of content in the article that seem to be meant to steer a language model.
        is_unusable: whether the scorer abstained only because its answer cannot be used.
    """

    outcome: Outcome
    signals: tuple[SentimentSignal, ...] = ()
    reason: str = ""
    degraded: bool = False
    story: str = ""
    suspicions: frozenset[Suspicion] = frozenset()
    is_unusable: bool = False


class Judged(NamedTuple):
    """A delivery, its article and the judgement of the article."""

    delivery: Delivery
    article: NewsArticle
    judgement: Judgement


NOT_ABOUT_PAIRS = {
    About.NOT_TRADED: Judgement(Outcome.NOT_TRADED, reason="about assets that are not among TRADING_PAIRS"),
    About.OFF_TOPIC: Judgement(Outcome.OFF_TOPIC, reason="nothing in it is about crypto"),
}
"""The judgements of articles that are about none of the pairs."""


def expired(age: timedelta, max_age: timedelta) -> Judgement:
    """Return the judgement of an article that was published too long ago."""
    age = timedelta(seconds=round(age.total_seconds()))
    return Judgement(Outcome.EXPIRED, reason=f"published {age} ago, more than {max_age}")


def judgement_of(place: Placement, *, degraded: bool = False) -> Judgement:
    """Return the judgement of an article that follows from its placement in its story."""
    outcome = _OUTCOMES.get(place.part, Outcome.SCORED)
    return Judgement(outcome, place.signals, _reason(place), degraded, place.story)


def record(article_id: str, judgement: Judgement, scorer_name: str) -> None:
    """Count the outcome of an article in the metrics, and log it."""
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
