"""One article, from text to signals: match, score, and say what came of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache

from services.common.errors import CannotSay, StopProgram, TryLater
from services.common.messages import NewsArticle, SentimentSignal
from services.sentiment_analyzer.article.hostile import Suspicion
from services.sentiment_analyzer.article.text import ArticleText, text_of
from services.sentiment_analyzer.matching.matcher import About, AssetMatcher, Match
from services.sentiment_analyzer.pipeline.signals import make_signals
from services.sentiment_analyzer.scorers.port import Scorer, Unusable
from services.sentiment_analyzer.stories.places import Part, Place
from services.sentiment_analyzer.stories.stories import Stories


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


def judge_article(
    article: NewsArticle,
    matcher: AssetMatcher,
    scorer: Scorer,
    now: datetime,
    *,
    max_age: timedelta | None = None,
    stories: Stories | None = None,
    scored_at: Callable[[], datetime] | None = None,
) -> Judgement:
    """Match and score one article.

    Args:
        article: what to judge.
        matcher: says what it is about.
        scorer: says what it means.
        now: when that is, in UTC.
        max_age: an article published longer ago than this is not scored any more.
        stories: what was told before; without it every article is a story of its own.
        scored_at: tells the time, in UTC, when the scorer has answered; without it that is `now`.

    Raises:
        TryLater, NeverWorks: as the scorer raises them, TryLater and StopProgram as `stories` does.
    """
    text = text_of(article)
    judgement = _judge_text(
        article,
        text,
        matcher,
        scorer,
        now,
        max_age=max_age,
        stories=stories,
        scored_at=scored_at or (lambda: now),
    )
    return replace(judgement, suspicions=text.suspicions) if text.suspicions else judgement


def _judge_text(
    article: NewsArticle,
    text: ArticleText,
    matcher: AssetMatcher,
    scorer: Scorer,
    now: datetime,
    *,
    max_age: timedelta | None,
    stories: Stories | None,
    scored_at: Callable[[], datetime],
) -> Judgement:
    match = matcher.match(text)
    if match.about is About.NOT_TRADED:
        return Judgement(Outcome.NOT_TRADED, reason="about assets that are not among TRADING_PAIRS")
    if match.about is About.OFF_TOPIC:
        return Judgement(Outcome.OFF_TOPIC, reason="nothing in it is about crypto")
    if max_age is not None and now - article.published > max_age:
        if stories is not None:
            stories.silent(article.article_id)
        age = timedelta(seconds=round((now - article.published).total_seconds()))
        return Judgement(Outcome.EXPIRED, reason=f"published {age} ago, more than {max_age}")

    def score(by: Scorer) -> Judgement:
        scores = by.score(text, [target.asset for target in match.targets])
        signals = make_signals(article, match, scores, scored_at(), text.suspicions)
        return Judgement(Outcome.SCORED, signals, degraded=scores.degraded)

    try:
        if stories is None:
            return score(scorer)
        place = stories.place(article, text, now, named_assets(match))
        return _as_telling(article, stories, place, now, scorer=scorer, score=score)
    except CannotSay as error:
        return Judgement(Outcome.ABSTAINED, reason=str(error), is_unusable=isinstance(error, Unusable))


def named_assets(match: Match) -> frozenset[str]:
    """The tickers of the assets that an article is about; none where it is about the market."""
    return frozenset(target.asset.ticker for target in match.targets if match.about is About.ASSETS)


def _as_telling(
    article: NewsArticle,
    stories: Stories,
    place: Place,
    now: datetime,
    *,
    scorer: Scorer,
    score: Callable[[Scorer], Judgement],
) -> Judgement:
    """Score the article unless it has been, or need not be."""
    if not place.is_to_be_scored:
        return _judgement(place)
    if place.is_crowded and place.part is Part.TOLD:
        with suppress(CannotSay):
            if stories.is_needless(article.article_id, score(_words()).signals):
                return _judgement(replace(place, part=Part.UNSCORED))
    try:
        judgement = score(scorer)
    except (TryLater, StopProgram):  # it will be scored: it stays what it is
        raise
    except Exception:
        stories.silent(article.article_id)
        raise
    if not judgement.signals:
        stories.silent(article.article_id)
        return judgement
    told = _judgement(stories.told(article.article_id, judgement.signals, now))
    return replace(told, degraded=judgement.degraded)


def _judgement(place: Place) -> Judgement:
    outcome = _OUTCOMES.get(place.part, Outcome.SCORED)
    return Judgement(outcome, place.signals, _reason(place), story=place.story)


_OUTCOMES = {
    Part.RETOLD: Outcome.RETOLD,
    Part.CONTRADICTS: Outcome.CONTRADICTS,
    Part.REPOSTED: Outcome.REPOSTED,
    Part.UNSCORED: Outcome.UNSCORED,
}


def _reason(place: Place) -> str:
    match place.part:
        case Part.RETOLD if not place.signals:
            return f"tells the story of {place.story}, and its score says nothing either way"
        case Part.RETOLD:
            return f"agrees with {', '.join(place.like)}, as {place.sources} further sources do by now"
        case Part.CONTRADICTS:
            return f"contradicts {', '.join(place.like)}; what corroborated it before no longer counts"
        case Part.REPOSTED:
            return f"the same source has published this text before: {', '.join(place.like)}"
        case Part.UNSCORED:
            return (
                f"tells the story of {place.story}, as many sources do that were scored, and denies nothing of it "
                "(STORY_TELLINGS_SCORED)"
            )
        case _:
            return ""


@cache
def _words() -> Scorer:
    from services.sentiment_analyzer.scorers.lexicon.scorer import LexiconScorer

    return LexiconScorer()
