"""Decides whether the first signal of a story may replace a later one that agrees with it. Pure.

If a signal only corroborates another signal, only a revision of the other signal is published. The revision has the
score, weight, trust and date of that other, first signal. If the first signal might be weaker or worth less, the
first source of a story could suppress the signals of all later sources.
"""

from __future__ import annotations

from datetime import timedelta

from services.common.messages import SentimentSignal
from services.common.values import COSTLY, Scope

WARNING, ENTRY = -0.5, 0.7
"""By default the strategy ends trades below WARNING and opens trades above ENTRY. A signal at or above WARNING
must not replace a signal below WARNING, because that signal ends trades."""
SAYS_LESS = 0.4
"""A negative signal, or one that opens trades, must not replace a score that is lower by more than this."""
HARDLY_SURE = 0.2
"""A signal with at most this confidence must not replace a warning with a higher confidence."""
LATE = timedelta(minutes=30)
"""A revision keeps the date of the first signal. If more than this time passed from that date until the first signal
was made, and until the other signal was published, the revision must not replace the other signal."""

FADED = timedelta(hours=2)
"""A warning must not replace a signal that ends trades and was published more than this time after the warning. By
then the aggregate has halved the weight of the warning, and after twice this time the strategy treats the warning as
stale."""


def may_stand_for(one: SentimentSignal, other: SentimentSignal) -> bool:
    """Whether nothing is lost if the other signal, which is later and has the same sign, is not published."""
    return not (_is_worth_less(one, other) or _says_more(one, other) or tells_of_new_cost(one, other))


def tells_of_new_cost(one: SentimentSignal, other: SentimentSignal) -> bool:
    """Whether the other signal is about the asset and of a kind of `COSTLY`, and the first signal is not of that kind.

    Strategies stand aside after such a kind, so the first signal must not replace the other signal.
    """
    return (
        other.event_type in COSTLY
        and other.scope is Scope.ASSET
        and (one.event_type is not other.event_type or one.scope is not Scope.ASSET)
    )


def is_outdated(one: SentimentSignal, other: SentimentSignal) -> bool:
    """Whether a revision of the first signal would have too old a date to replace the other signal.

    Even so, the other signal corroborates the first signal.
    """
    return min(one.analyzed_at, other.published) - one.published > LATE


def _is_worth_less(one: SentimentSignal, other: SentimentSignal) -> bool:
    return one.weight < other.weight or (one.degraded and not other.degraded)


def _says_more(one: SentimentSignal, other: SentimentSignal) -> bool:
    """Whether the strategy could miss an exit, or keep an entry, if the other signal were not published."""
    high, low = one.sentiment_score, other.sentiment_score
    is_weaker = high >= WARNING or one.confidence <= HARDLY_SURE < other.confidence
    if low < WARNING and (is_weaker or other.published - one.published > FADED):
        return True
    return (low < 0 or high > ENTRY) and high - low > SAYS_LESS
