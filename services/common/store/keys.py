"""Defines the names of the Redis keys, on which operators and the strategy rely.

The content of the keys is described in docs/architecture.md.
"""

from __future__ import annotations

HOLDS = "trading:holds"
KEPT = "_kept"
HOLDS_ID = "trading:holds_id"
ENTRIES = "trading:entries"
PAUSED = "paused"
SCORED = "sentiment_pairs"
DEMO = "cryptoboy:demo"
ANY_PAIR = "*"
"""A placeholder for the pair. In Redis's access rules, a key with this placeholder matches the keys of all pairs."""


def current_key(pair: str) -> str:
    """The key of the hash with a pair's current sentiment."""
    return f"sentiment:{pair}"


def history_key(pair: str) -> str:
    """The key of the list with a pair's last signals."""
    return f"sentiment_history:{pair}"


def signals_key(pair: str) -> str:
    """The key of the sorted set with a pair's signals, ordered by `available_at`."""
    return f"sentiment_signals:{pair}"


def ids_key(pair: str) -> str:
    """The key of the hash that identifies repeated signals of a pair."""
    return f"sentiment_ids:{pair}"


def written_together(pair: str) -> tuple[str, str, str, str]:
    """The four keys of a pair, in the order in which the script expects them."""
    return current_key(pair), history_key(pair), signals_key(pair), ids_key(pair)
