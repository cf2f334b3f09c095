"""Keeps a demo's replayed news out of a system that trades, and cleans up what an earlier demo left."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import redis

from services.common.broker.port import Broker
from services.common.broker.topology import RAW_NEWS_DATA, SENTIMENT_SIGNALS
from services.common.errors import StopProgram, TryLater
from services.common.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

MARKER = "cryptoboy:demo"
KEYS_OF_A_PAIR = ("sentiment:{}", "sentiment_history:{}", "sentiment_signals:{}", "sentiment_ids:{}")


def refuse_busy_queues(broker: Broker) -> None:
    """Raise StopProgram if other consumers read the queues: they would take the demo's news for real."""
    for state in broker.queues():
        if state.name in {RAW_NEWS_DATA.name, SENTIMENT_SIGNALS.name} and state.consumers:
            raise StopProgram(
                f"queue {state.name} has {state.consumers} consumer(s): a pipeline is running on this broker, and "
                "it would take replayed news for real. Stop it, or give the demo a virtual host of its own "
                "(RABBITMQ_VHOST)."
            )


def take_store(settings: Settings, pairs: Sequence[str]) -> None:
    """Make sure that the store holds no sentiment of a real system, and mark it as the demo's.

    What an earlier demo left is removed.

    Raises:
        StopProgram: there is sentiment that no demo wrote.
        TryLater: Redis does not answer.
    """
    password = settings.redis_password.get_secret_value() if settings.redis_password else None
    client = redis.Redis(
        host=settings.redis_host, port=settings.redis_port, password=password, decode_responses=True,
        socket_timeout=settings.redis_timeout, socket_connect_timeout=settings.redis_timeout,
    )  # fmt: skip
    try:
        _take(client, pairs)
    except redis.RedisError as error:
        raise TryLater(
            f"Redis at {settings.redis_host}:{settings.redis_port}: {type(error).__name__}"
        ) from error
    finally:
        client.close()


def _take(client: redis.Redis, pairs: Sequence[str]) -> None:
    earlier = client.get(MARKER)
    left_over = json.loads(str(earlier)) if earlier else []
    strangers = [pair for pair in pairs if pair not in left_over and client.exists(*_keys([pair]))]
    if strangers:
        raise StopProgram(
            f"this Redis holds sentiment for {', '.join(strangers)} that no demo wrote; replayed news would be "
            "mixed into it. Use another Redis (REDIS_HOST, REDIS_PORT) for the demo."
        )
    if left_over:
        client.delete(*_keys(left_over))
    client.set(MARKER, json.dumps(list(pairs)))


def _keys(pairs: Iterable[str]) -> list[str]:
    return [key.format(pair) for pair in pairs for key in KEYS_OF_A_PAIR]
