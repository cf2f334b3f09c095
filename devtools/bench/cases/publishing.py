"""The case that measures publishing to a quorum queue."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import closing

import pika

from devtools.bench.lab import Lab
from devtools.bench.results import Rows, at_least, compare
from devtools.bench.samples import signals
from devtools.bench.servers import bare_connection
from devtools.servers.control import RabbitServer
from services.common.broker.port import OutgoingMessage
from services.common.broker.rabbitmq.broker import RabbitMqBroker
from services.common.broker.rabbitmq.messages import parcel_of
from services.common.broker.topology import EVENTS_EXCHANGE, SENTIMENT_SIGNAL, SENTIMENT_SIGNALS
from services.common.clock import SystemClock

MESSAGES = 10_000
PERSISTENT = 2


def publish_confirmed(lab: Lab) -> Rows:
    """Messages per second from the call to the last confirm, with all properties that our messages have.

    The two baselines are loops that only publish. One sends the bodies without properties, directly to the queue. The
    other sends the same messages through the same exchange; compared with the first baseline, it shows how much time
    RabbitMQ needs for the exchange and the properties.
    """
    settings, clock = lab.settings(), SystemClock()
    bodies = [each.encode() for each in signals(lab.amount(MESSAGES), clock.now())]
    messages = [OutgoingMessage(SENTIMENT_SIGNAL, body, f"id-{i}") for i, body in enumerate(bodies)]
    broker = RabbitMqBroker(settings, clock)
    server = lab.servers.rabbitmq()

    def ours() -> float:
        begin = time.perf_counter()
        broker.publish(messages, timeout=120)
        seconds = time.perf_counter() - begin
        empty(server, SENTIMENT_SIGNALS.name)
        return len(messages) / seconds

    def bodies_alone() -> float:
        persistent = pika.BasicProperties(delivery_mode=PERSISTENT)
        parcels = ((body, persistent) for body in bodies)
        return len(bodies) / _bare_loop(server, "", SENTIMENT_SIGNALS.name, parcels)

    def same_messages() -> float:
        now = int(clock.now().timestamp())
        parcels = ((each.body, parcel_of(each, now).properties) for each in messages)
        return len(messages) / _bare_loop(server, EVENTS_EXCHANGE, SENTIMENT_SIGNAL, parcels)

    bare, target = "bare BlockingConnection loop without confirms", at_least(1.5)
    with closing(broker):
        broker.start()
        note = f"{bare}, same bodies, straight to the queue, no more than persistent"
        alone = lab.interleave(ours, bodies_alone)
        yield compare("publish_confirmed", "messages/s", *alone, target, note=note)
        note = f"{bare}, same messages with all their properties, same exchange"
        same = lab.interleave(ours, same_messages)
        yield compare("publish_confirmed.same_messages", "messages/s", *same, target, note=note)


def _bare_loop(
    server: RabbitServer, exchange: str, key: str, parcels: Iterable[tuple[bytes, pika.BasicProperties]]
) -> float:
    connection = bare_connection(server)
    channel = connection.channel()
    begin = time.perf_counter()
    for body, properties in parcels:
        channel.basic_publish(exchange, key, body, properties)
    seconds = time.perf_counter() - begin
    connection.close()  # returns once RabbitMQ has read all messages before it
    empty(server, SENTIMENT_SIGNALS.name)
    return seconds


def empty(server: RabbitServer, *queues: str) -> None:
    """Purge these queues."""
    connection = bare_connection(server)
    channel = connection.channel()
    for queue in queues:
        channel.queue_purge(queue)
    connection.close()
