"""The names of the Redis keys, which operators and the strategy rely on: docs/architecture.md says what they hold."""

from __future__ import annotations

HOLDS = "trading:holds"
KEPT = "_kept"
HOLDS_ID = "trading:holds_id"
ENTRIES = "trading:entries"
PAUSED = "paused"
SCORED = "sentiment_pairs"
DEMO = "cryptoboy:demo"
ANY_PAIR = "*"
"""In place of a pair, it makes a pattern for the keys of all pairs, for Redis's access rules."""


def current_key(pair: str) -> str:
    """The hash of a pair's current sentiment."""
    return f"sentiment:{pair}"


def history_key(pair: str) -> str:
    """The list of a pair's last signals."""
    return f"sentiment_history:{pair}"


def signals_key(pair: str) -> str:
    """The sorted set of a pair's signals by `available_at`."""
    return f"sentiment_signals:{pair}"


def ids_key(pair: str) -> str:
    """The hash by which a repeated signal of a pair is recognised."""
    return f"sentiment_ids:{pair}"


def written_together(pair: str) -> tuple[str, str, str, str]:
    """The four keys of a pair, in the order in which the script takes them."""
    return current_key(pair), history_key(pair), signals_key(pair), ids_key(pair)
