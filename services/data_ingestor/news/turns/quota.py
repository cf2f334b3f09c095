"""How many articles an owner may publish: one token bucket per owner, refilled with NEWS_SOURCE_QUOTA an hour.

Pure decisions. A bucket holds one hour's quota and starts full. Feeds list 25 to 100 articles when they are first read,
and later up to about 100 a day, of which a quarter may come in one hour.
"""

from __future__ import annotations

from typing import NamedTuple

_HOUR_MS = 3_600_000


class Allowance(NamedTuple):
    """How many articles an owner could publish at `at_ms` (milliseconds since 1970); `left` may be fractional."""

    left: float
    at_ms: int


def allowance_now(known: Allowance | None, quota: int, now_ms: int) -> Allowance:
    """What an owner may publish now.

    Args:
        known: the allowance when the owner last published; None for a new owner.
        quota: articles an hour.
        now_ms: milliseconds since 1970. If it is before `known` the clock was set back, and the bucket counts as full.
    """
    if known is None:
        return Allowance(float(quota), now_ms)
    elapsed = now_ms - known.at_ms
    grown = known.left + quota * elapsed / _HOUR_MS if elapsed >= 0 else float(quota)
    return Allowance(min(grown, float(quota)), now_ms)


def spent(allowance: Allowance, articles: int) -> Allowance:
    """What is left after so many articles, at least 0."""
    return allowance._replace(left=max(allowance.left - articles, 0.0))
