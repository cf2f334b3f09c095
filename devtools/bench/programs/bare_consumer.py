"""A baseline program that copies messages from a queue to a Redis hash in the simplest way.

Its arguments are the queue and the hash. The addresses are read from BARE_AMQP_URL and BARE_REDIS_URL, so that no
process list shows a password.
"""

from __future__ import annotations

import os
import sys

import pika
import redis
from pika.adapters.blocking_connection import BlockingChannel
from pika.spec import Basic, BasicProperties


def main(queue: str, key: str) -> None:
    """Consume without end, and store each body in the hash with the message's id as its field."""
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
