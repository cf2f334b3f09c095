"""The case that measures the path from the queue of signals to the store."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime

import redis
from pika.adapters.blocking_connection import BlockingChannel
from pika.spec import Basic, BasicProperties

from devtools.bench.lab import Lab
from devtools.bench.results import Rows, at_least, compare
from devtools.bench.samples import PAIRS, signals
from devtools.bench.servers import bare_connection, bare_redis
from devtools.servers.control import RabbitServer
from services.common.broker.port import OutgoingMessage
from services.common.broker.rabbitmq.broker import RabbitMqBroker
from services.common.broker.topology import SENTIMENT_SIGNAL, SENTIMENT_SIGNALS
from services.common.clock import SystemClock
from services.common.errors import TryLater
from services.common.messages import SentimentSignal
from services.common.settings.settings import Settings
from services.common.store.keys import history_key, signals_key
from services.common.store.port import WriteOutcome
from services.common.store.redis.store import RedisStore
from services.signal_cacher.cacher import SignalCacher

SIGNALS = 10_000
BASELINE_PREFETCH = 100


class _StopsWhenFull(RedisStore):
    """The Redis store, which also sets the event `full` when the expected number of signals has been written."""

    def __init__(self, settings: Settings, expected: int) -> None:
        super().__init__(settings)
        self._left = expected
        self.full = threading.Event()

    def write(self, signals: Sequence[SentimentSignal], now: datetime) -> list[WriteOutcome]:
        outcomes = super().write(signals, now)
        self._left -= len(signals)
        if self._left <= 0:
            self.full.set()
        return outcomes


def cacher(lab: Lab) -> Rows:
    """Signals per second of the cacher, from its subscription until the last signal is written and acknowledged."""
    settings, clock = lab.settings(), SystemClock()
    server, client = lab.servers.rabbitmq(), bare_redis(lab.servers.redis())
    count = lab.amount(SIGNALS)
    messages = [
        OutgoingMessage(SENTIMENT_SIGNAL, each.encode(), each.article_id)
        for each in signals(count, clock.now())
    ]
    publisher = RabbitMqBroker(settings, clock)

    def ours() -> float:
        client.flushdb()
        publisher.publish(messages, timeout=120)
        store, broker = _StopsWhenFull(settings, count), RabbitMqBroker(settings, clock)
        with closing(SignalCacher(settings, broker, store, clock)) as service:
            broker.start()
            begin = time.perf_counter()
            service.start()
            service.run(store.full)
            seconds = time.perf_counter() - begin
        _check(client, count)
        return count / seconds

    def baseline() -> float:
        publisher.publish(messages, timeout=120)
        return count / _only_acknowledge(server, count)

    try:
        publisher.start()
        values, baselines = lab.interleave(ours, baseline)
    finally:
        publisher.close()
        client.close()
    note = f"bare pika consumer that only acknowledges, prefetch {BASELINE_PREFETCH}"
    yield compare("cacher", "signals/s", values, baselines, at_least(0.8), note=note)


def _only_acknowledge(server: RabbitServer, count: int) -> float:
    """Seconds that a plain consumer needs to acknowledge `count` messages."""
    connection = bare_connection(server)
    channel = connection.channel()
    channel.basic_qos(prefetch_count=BASELINE_PREFETCH)
    left = count

    def on_message(
        channel: BlockingChannel, method: Basic.Deliver, _properties: BasicProperties, _body: bytes
    ) -> None:
        nonlocal left
        channel.basic_ack(method.delivery_tag)
        left -= 1
        if not left:
            channel.stop_consuming()

    begin = time.perf_counter()
    channel.basic_consume(SENTIMENT_SIGNALS.name, on_message)
    channel.start_consuming()
    seconds = time.perf_counter() - begin
    connection.close()
    return seconds


def _check(client: redis.Redis, count: int) -> None:
    """Raise TryLater if a signal is missing in Redis, because the rate of a cacher that loses signals is useless."""
    stored = sum(int(client.zcard(signals_key(pair))) for pair in PAIRS)
    if stored != count or not all(client.llen(history_key(pair)) for pair in PAIRS):
        raise TryLater(
            f"cacher: {stored} of {count} signals are in Redis; run it again, and report it if it stays"
        )
