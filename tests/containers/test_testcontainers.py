"""Tests that ask for a RabbitMQ and a Redis get them from a Docker engine where one answers, through testcontainers."""

from __future__ import annotations

from collections.abc import Iterator

import pika
import pytest
import redis

from tests.support.containers.engine import Engine
from tests.support.deploy.images import image_named
from tests.support.servers.servers import RabbitServer, running_rabbitmq, running_redis

QUEUE = "survives"
BODY = b"a persistent message"


@pytest.fixture(scope="module")
def rabbitmq(engine: Engine) -> Iterator[RabbitServer]:
    """A RabbitMQ of the engine, whatever server the environment names."""
    with running_rabbitmq({}) as server:
        yield server


def test_the_images_are_those_that_are_deployed(rabbitmq: RabbitServer, engine: Engine) -> None:
    assert rabbitmq.origin == f"Docker, {image_named('rabbitmq')}"
    listed = engine.docker("ps", "--format", "{{.Image}}").split()
    assert image_named("rabbitmq") in listed


def test_rabbitmq_keeps_a_message_when_its_container_stops_and_starts(rabbitmq: RabbitServer) -> None:
    with pika.BlockingConnection(parameters(rabbitmq)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        channel.basic_publish("", QUEUE, BODY, pika.BasicProperties(delivery_mode=2), mandatory=True)
    rabbitmq.control.stop()
    with pytest.raises(pika.exceptions.AMQPConnectionError):
        pika.BlockingConnection(parameters(rabbitmq))
    rabbitmq.control.start()
    with pika.BlockingConnection(parameters(rabbitmq)) as connection:
        _, _, body = connection.channel().basic_get(QUEUE, auto_ack=True)
    assert body == BODY


def test_a_program_of_rabbitmq_runs_in_its_container(rabbitmq: RabbitServer) -> None:
    assert rabbitmq.user in rabbitmq.control.ctl("list_users")


def test_redis_answers_and_is_removed_at_the_end(engine: Engine) -> None:
    with running_redis({}) as server:
        assert server.origin == f"Docker, {image_named('redis')}"
        with redis.Redis(server.host, server.port, server.db, server.password) as client:
            assert client.set("key", "value")
            assert client.get("key") == b"value"
        assert image_named("redis") in engine.docker("ps", "--format", "{{.Image}}")
    assert f":{server.port}->" not in engine.docker("ps", "--format", "{{.Ports}}")


def parameters(server: RabbitServer) -> pika.ConnectionParameters:
    """How to connect to it."""
    credentials = pika.PlainCredentials(server.user, server.password)
    return pika.ConnectionParameters(server.host, server.port, server.vhost, credentials)
