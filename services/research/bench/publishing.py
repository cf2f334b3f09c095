"""Publishing to a quorum queue."""

from __future__ import annotations

import time

import pika

from services.common.broker.port import OutgoingMessage
from services.common.broker.rabbitmq import RabbitMqBroker
from services.common.broker.topology import SENTIMENT_SIGNAL, SENTIMENT_SIGNALS
from services.common.clock import SystemClock
from services.research.bench.lab import Lab
from services.research.bench.results import Findings, at_least, compare
from services.research.bench.samples import signals
from services.research.bench.servers import bare_connection
from services.research.servers.control import RabbitServer

MESSAGES = 10_000
PERSISTENT = 2


def publish_confirmed(lab: Lab) -> Findings:
    """Messages a second, from the call to the last confirm, with everything that our messages carry."""
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

    def baseline() -> float:
        connection = bare_connection(server)
        channel = connection.channel()
        persistent = pika.BasicProperties(delivery_mode=PERSISTENT)
        begin = time.perf_counter()
        for body in bodies:
            channel.basic_publish("", SENTIMENT_SIGNALS.name, body, persistent)
        seconds = time.perf_counter() - begin
        connection.close()  # answered when everything before it was read
        empty(server, SENTIMENT_SIGNALS.name)
        return len(bodies) / seconds

    try:
        broker.start()
        values, baselines = lab.interleave(ours, baseline)
    finally:
        broker.close()
    note = "bare BlockingConnection loop without confirms, same bodies, same queue"
    return Findings(
        (compare("publish_confirmed", "messages/s", values, baselines, at_least(1.5), note=note),)
    )


def empty(server: RabbitServer, *queues: str) -> None:
    """Throw away what these queues hold."""
    connection = bare_connection(server)
    channel = connection.channel()
    for queue in queues:
        channel.queue_purge(queue)
    connection.close()
