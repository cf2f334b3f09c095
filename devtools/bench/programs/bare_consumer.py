"""Baseline program: the plainest way from a queue to a Redis hash.

Arguments: queue and hash. BARE_AMQP_URL and BARE_REDIS_URL say where, so that no list of processes shows a password.
"""

from __future__ import annotations

import os
import sys

import pika
import redis
from pika.adapters.blocking_connection import BlockingChannel
from pika.spec import Basic, BasicProperties


def main(queue: str, key: str) -> None:
    """Consume for ever; each message's id becomes a field of the hash."""
    client = redis.Redis.from_url(os.environ["BARE_REDIS_URL"])
    channel = pika.BlockingConnection(pika.URLParameters(os.environ["BARE_AMQP_URL"])).channel()

    def on_message(
        channel: BlockingChannel, method: Basic.Deliver, properties: BasicProperties, body: bytes
    ) -> None:
        client.hset(key, str(properties.message_id), body)
        channel.basic_ack(method.delivery_tag)

    channel.basic_qos(prefetch_count=100)
    channel.basic_consume(queue, on_message)
    channel.start_consuming()


if __name__ == "__main__":
    main(*sys.argv[1:])
