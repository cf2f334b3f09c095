"""The case that compares the embedded broker with RabbitMQ."""

from __future__ import annotations

import time
from contextlib import closing

from devtools.bench.lab import Lab
from devtools.bench.results import Rows, compare
from devtools.bench.samples import signals
from services.common.broker.open import open_broker
from services.common.broker.port import Broker, OutgoingMessage
from services.common.broker.topology import SENTIMENT_SIGNAL, SENTIMENT_SIGNALS
from services.common.clock import SystemClock
from services.common.errors import TryLater
from services.common.settings.settings import BrokerKind

MESSAGES = 5_000
BATCH = 100
PREFETCH = 300
RECEIVE_SECONDS = 10.0


def embedded_broker(lab: Lab) -> Rows:
    """Messages per second that are published in batches, and then consumed in batches; all messages are durable."""
    clock = SystemClock()
    messages = [
        OutgoingMessage(SENTIMENT_SIGNAL, each.encode(), each.article_id)
        for each in signals(lab.amount(MESSAGES), clock.now())
    ]
    embedded = open_broker(lab.settings(broker=BrokerKind.EMBEDDED), clock)
    rabbitmq = open_broker(lab.settings(), clock)
    with closing(embedded), closing(rabbitmq):
        embedded.start()
        rabbitmq.start()
        note = "the same on RabbitMQ"
        published = lab.interleave(lambda: _publish(embedded, messages), lambda: _publish(rabbitmq, messages))
        yield compare("embedded_broker.publish", "messages/s", *published, None, note=note)
        count = len(messages)
        consumed = lab.interleave(lambda: _consume(embedded, count), lambda: _consume(rabbitmq, count))
        yield compare("embedded_broker.consume", "messages/s", *consumed, None, note=note)


def _publish(broker: Broker, messages: list[OutgoingMessage]) -> float:
    begin = time.perf_counter()
    for start in range(0, len(messages), BATCH):
        broker.publish(messages[start : start + BATCH])
    return len(messages) / (time.perf_counter() - begin)


def _consume(broker: Broker, count: int) -> float:
    """Consume `count` messages that wait in the queue; returns messages per second."""
    left = count
    begin = time.perf_counter()
    with closing(broker.subscribe(SENTIMENT_SIGNALS.name, PREFETCH)) as subscription:
        while left > 0:
            deliveries = subscription.receive(min(BATCH, left), RECEIVE_SECONDS)
            if not deliveries:
                raise TryLater(f"embedded_broker: {left} of {count} messages did not come; run it again")
            subscription.ack(deliveries)
            left -= len(deliveries)
    return count / (time.perf_counter() - begin)
