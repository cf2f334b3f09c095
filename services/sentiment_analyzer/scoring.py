"""One article, from text to signals: match, score, and say what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.common.errors import CannotSay
from services.common.messages import NewsArticle, SentimentSignal
from services.sentiment_analyzer.asset_matching import About, AssetMatcher
from services.sentiment_analyzer.scorer import Scorer
from services.sentiment_analyzer.signals import make_signals
from services.sentiment_analyzer.text import text_of


class Outcome(StrEnum):
    """How an article ended that was dealt with."""

    SCORED = "scored"
    ABSTAINED = "abstained"
    NOT_TRADED = "not_traded"
    OFF_TOPIC = "off_topic"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of an article. There are signals only if it was scored; `reason` says why not.

    Attributes:
        degraded: a fallback scored it.
    """

    outcome: Outcome
    signals: tuple[SentimentSignal, ...] = ()
    reason: str = ""
    degraded: bool = False


def judge_article(
    article: NewsArticle,
    matcher: AssetMatcher,
    scorer: Scorer,
    now: datetime,
    *,
    max_age: timedelta | None = None,
) -> Judgement:
    """Match and score one article.

    Args:
        article: what to judge.
        matcher: says what it is about.
        scorer: says what it means.
        now: when that is, in UTC.
        max_age: an article published longer ago than this is not scored any more.

    Raises:
        TryLater, NeverWorks: as the scorer raises them.
    """
    text = text_of(article)
    match = matcher.match(text)
    if match.about is About.NOT_TRADED:
        return Judgement(Outcome.NOT_TRADED, reason="about assets that are not among TRADING_PAIRS")
    if match.about is About.OFF_TOPIC:
        return Judgement(Outcome.OFF_TOPIC, reason="nothing in it is about crypto")
    if max_age is not None and now - article.published > max_age:
        age = timedelta(seconds=round((now - article.published).total_seconds()))
        return Judgement(Outcome.EXPIRED, reason=f"published {age} ago, more than {max_age}")
    try:
        scores = scorer.score(text, [target.asset for target in match.targets])
    except CannotSay as error:
        return Judgement(Outcome.ABSTAINED, reason=str(error))
    return Judgement(Outcome.SCORED, make_signals(article, match, scores, now), degraded=scores.degraded)
