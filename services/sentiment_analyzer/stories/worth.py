"""Whether the first signal of a story may stand for a later one that agrees with it. Pure.

What corroborates a signal is not published: only a revision of that signal is, with its score, weight, trust and date.
Where that says more of the pair, or is worth less, whoever is first with a story would mute all who tell it after him.
"""

from __future__ import annotations

from datetime import timedelta

from services.common.messages import SentimentSignal

WARNING, HOPE = -0.5, 0.7
"""By the strategy's default a score below the one ends trades, and one above the other opens them. A weaker warning
that came first must not stand for one that ends trades."""
SAYS_LESS = 0.4
"""Nor must a warning, or what opens trades, stand for a score that is lower by more than this."""
HARDLY_SURE = 0.2
"""Nor one with no more confidence than this, for a warning with more."""
LATE = timedelta(minutes=30)
"""Nor a signal that was made so long after its date, for one that was published so long after that date."""

FADED = timedelta(hours=2)
"""Nor a warning for one that ends trades and was published so long after it: the aggregate has halved it by then, and
after as long again the strategy takes it for stale."""


def may_stand_for(one: SentimentSignal, other: SentimentSignal) -> bool:
    """Whether nothing is lost where the other one, which came later and has the same sign, is not published."""
    return not (_is_worth_less(one, other) or _says_more(one, other))


def is_outdated(one: SentimentSignal, other: SentimentSignal) -> bool:
    """Whether the first was made so late, and the other one is dated so late, that a revision of it would be old news.

    The other one confirms it all the same.
    """
    return min(one.analyzed_at, other.published) - one.published > LATE


def _is_worth_less(one: SentimentSignal, other: SentimentSignal) -> bool:
    return one.weight < other.weight or (one.degraded and not other.degraded)


def _says_more(one: SentimentSignal, other: SentimentSignal) -> bool:
    """Whether leaving the other one out could hide an exit or keep an entry."""
    high, low = one.sentiment_score, other.sentiment_score
    is_weaker = high >= WARNING or one.confidence <= HARDLY_SURE < other.confidence
    if low < WARNING and (is_weaker or other.published - one.published > FADED):
        return True
    return (low < 0 or high > HOPE) and high - low > SAYS_LESS
