"""Reads signals from the lists and sorted sets of Redis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import redis
import structlog

from services.common.clock import from_ms
from services.common.errors import NeverWorks
from services.common.messages import SentimentSignal, decode
from services.common.store import keys
from services.common.store.port import StoredSignals

log = structlog.get_logger(__name__)


def signal_of(text: str, key: str) -> SentimentSignal | None:
    """The signal of an entry of a list or sorted set; None, with a warning, if another program wrote the entry."""
    try:
        return decode(text.encode(), SentimentSignal)
    except NeverWorks as error:
        log.warning("history_entry_unreadable", key=key, error=str(error))
        return None


def signals_from(client: redis.Redis, positions: Mapping[str, int]) -> dict[str, StoredSignals]:
    """See `SentimentStore.signals_from`. Needs one round trip. Raises redis.RedisError."""
    if not positions:
        return {}
    pipeline = client.pipeline(transaction=True)  # the count and the members of the same instant
    for pair, position in positions.items():
        pipeline.zcard(keys.signals_key(pair))
        pipeline.zrangebyscore(keys.signals_key(pair), position, "+inf", withscores=True)
    answers: list[Any] = pipeline.execute()
    found: dict[str, StoredSignals] = {}
    for pair, total, members in zip(positions, answers[::2], answers[1::2], strict=True):
        read = ((signal_of(member, keys.signals_key(pair)), score) for member, score in members)
        found[pair] = StoredSignals([_available(signal, score) for signal, score in read if signal], total)
    return found


def _available(signal: SentimentSignal, score: float) -> SentimentSignal:
    """The signal with the `available_at` by which the store orders it, if the signal itself has none."""
    return signal if signal.available_at else signal.model_copy(update={"available_at": from_ms(int(score))})
