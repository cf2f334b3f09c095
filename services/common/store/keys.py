"""The names of the Redis keys, which operators and the strategy rely on.

| key | type | content |
|---|---|---|
| sentiment:PAIR | hash | score, label, timestamp (when it was analyzed), headline, source, article_id of the newest signal in its highest revision, fresh and trusted ones first; also confidence, scope, model, degraded ('true' or 'false'), published, available_at, revision, owner (empty: the source is its own), suspected ('true' or 'false'), weight |
| sentiment_history:PAIR | list | the last 100 signals as JSON, newest first, each in its highest revision |
| sentiment_signals:PAIR | sorted set | every signal and every revision of the last SIGNAL_HISTORY_HOURS as JSON, by available_at in milliseconds: a candle is decided on the highest revision before its close |
| sentiment_ids:PAIR | hash | article_id and model, with a bar between them: the highest revision of every signal in the two above: how a repeated one is recognised |
| sentiment_pairs | string | JSON: each pair that is scored, and since when it is no longer one of TRADING_PAIRS (null: it is one). A pair that is not there is scored by nobody |
| trading:holds | hash | who keeps the strategy from opening trades: the owner (operator, risk ...), and as JSON its reason, since and until (ISO 8601 with offset; null: until it is lifted). The field `_kept` is always there: without it, or without the hash, holds were lost and entries are refused |
| trading:holds_id | string | a random name of the holds as they are now, a new one with each change: by it a store that was emptied, or put back to an older state, is recognised |
| trading:entries | string | a hold of the operator for strategies older than `trading:holds`, whatever it contains |
| cryptoboy:demo | string | there while the sentiment is a demo's, which no bot may trade on: whose pairs, and until when |
"""  # noqa: E501 - a table's row is one line

from __future__ import annotations

HOLDS = "trading:holds"
KEPT = "_kept"
HOLDS_ID = "trading:holds_id"
ENTRIES = "trading:entries"
PAUSED = "paused"
SCORED = "sentiment_pairs"
DEMO = "cryptoboy:demo"
ANY_PAIR = "*"
"""Instead of a pair: makes the pattern, as Redis's access rules take it, of the keys of all pairs."""


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
