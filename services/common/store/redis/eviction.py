"""Checks whether Redis, when it is full, evicts keys that must not be lost. The functions are pure."""

from __future__ import annotations

NO_EVICTION = "noeviction"
_SET = (
    "Set it to noeviction: `redis-cli CONFIG SET maxmemory-policy noeviction`, and in redis.conf; a hosted Redis has "
    "it among its parameters"
)


def eviction_problem(policy: str | None, ttl: int) -> str | None:
    """The problem with a `maxmemory-policy` and the corrective action; None if the policy is suitable.

    Args:
        policy: the policy as in INFO; None if it is unknown.
        ttl: SIGNAL_CACHE_TTL in seconds; 0 if signals never expire.
    """
    if policy == NO_EVICTION:
        return None
    if policy is None:
        return (
            "whether Redis throws keys away when it is full is not known: it does not let this user call INFO. Grant "
            "that (+info; ./cryptoboy deploy redis-acl does), or see that its maxmemory-policy is noeviction"
        )
    if not policy.startswith("volatile"):
        lost = "throws away any key when it is full: signals, and that entries are paused"
    elif ttl > 0:
        lost = f"throws away keys that expire when it is full, and with SIGNAL_CACHE_TTL={ttl} all signals do"
    else:
        lost = (
            "throws away keys that expire when it is full: signals that were written with a SIGNAL_CACHE_TTL, and a "
            "pause with an end for a strategy that knows only trading:entries"
        )
    return f"maxmemory-policy {policy} {lost}. {_SET}"
