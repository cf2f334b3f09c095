"""How many articles an owner of sources may publish: a token bucket each, filled up by NEWS_SOURCE_QUOTA an hour.

Pure decisions. What one does not use is kept up to an hour's worth, with which everybody begins. Feeds list 25 to 100
articles when they are first read, and later bring up to about 100 a day, of which a quarter may come in one hour.
"""

from __future__ import annotations

from typing import NamedTuple

_HOUR_MS = 3_600_000


class Allowance(NamedTuple):
    """So many articles an owner might publish at that time, in milliseconds since 1970. A part of one counts later."""

    left: float
    at_ms: int


def allowance_now(known: Allowance | None, quota: int, now_ms: int) -> Allowance:
    """What an owner may publish now.

    Args:
        known: what he had when he published last; None for a new one.
        quota: articles an hour.
        now_ms: a time before `known` means that the clock was put back, so that nobody can say how long ago that was:
            then an hour's worth is there.
    """
    if known is None:
        return Allowance(float(quota), now_ms)
    elapsed = now_ms - known.at_ms
    grown = known.left + quota * elapsed / _HOUR_MS if elapsed >= 0 else float(quota)
    return Allowance(min(grown, float(quota)), now_ms)


def spent(allowance: Allowance, articles: int) -> Allowance:
    """What is left after so many articles. What was published beyond the quota is not owed."""
    return allowance._replace(left=max(allowance.left - articles, 0.0))
