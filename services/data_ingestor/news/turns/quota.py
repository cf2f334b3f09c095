"""Computes how many articles each owner may publish, with one token bucket per owner.

Each bucket is refilled with NEWS_SOURCE_QUOTA articles an hour, has room for one hour's quota and is full at the
start. The functions are pure. A feed lists 25 to 100 articles when it is first read, and later up to about 100 new
articles a day, of which a quarter may appear in one hour.
"""

from __future__ import annotations

from typing import NamedTuple

_HOUR_MS = 3_600_000


class Allowance(NamedTuple):
    """The number of articles that an owner could publish at `at_ms`. `left` may be fractional.

    `at_ms` is in milliseconds since 1970.
    """

    left: float
    at_ms: int


def allowance_now(known: Allowance | None, quota: int, now_ms: int) -> Allowance:
    """Return the number of articles that an owner may publish now.

    Args:
        known: the allowance when the owner last published; None for a new owner.
        quota: the number of articles an hour.
        now_ms: the current time in milliseconds since 1970. If it is before `known.at_ms`, the clock was set back,
            and the bucket counts as full.
    """
    if known is None:
        return Allowance(float(quota), now_ms)
    elapsed = now_ms - known.at_ms
    grown = known.left + quota * elapsed / _HOUR_MS if elapsed >= 0 else float(quota)
    return Allowance(min(grown, float(quota)), now_ms)


def spent(allowance: Allowance, articles: int) -> Allowance:
    """Return the allowance that is left after publishing `articles` articles, at least 0."""
    return allowance._replace(left=max(allowance.left - articles, 0.0))
