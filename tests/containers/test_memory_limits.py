"""A server that is given more than its container holds refuses work, and is not killed by the kernel.

RabbitMQ and Redis of the production file, with the limits of their containers, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis

from services.common.broker.topology import RAW_NEWS_DATA
from services.common.store.keys import HOLDS, signals_key
from tests.support.containers.engine import Engine
from tests.support.containers.flood import Tally, flood
from tests.support.containers.servers import address_of, broker_as
from tests.support.containers.stack import Stack
from tests.support.waiting import eventually

RABBITMQ, REDIS = "trading-rabbitmq", "trading-redis-prod"
PREFETCH = 10
SIGNAL_BYTES = (100_000, 1_000, 10)
"""Ever smaller, so that in the end Redis does not take the least."""
MOST_SIGNALS = 10_000
"""A gigabyte of the first; Redis has to refuse before."""


@pytest.fixture(scope="module")
def servers(empty_engine: Engine, folder: Path) -> Iterator[Stack]:
    system = Stack(empty_engine, folder)
    system.cryptoboy("secrets", "init")
    system.build()
    system.compose("up", "-d", "rabbitmq-rights", "redis-rights")
    system.wait_healthy()
    yield system
    system.down()


def lives(system: Stack, container: str) -> tuple[bool, int, str]:
    """Whether it runs, how often it was restarted, and since when it runs."""
    (found,) = json.loads(system.engine.docker("inspect", container))
    return found["State"]["Running"], found["RestartCount"], found["State"]["StartedAt"]


def alarms(system: Stack) -> str:
    return system.exec(RABBITMQ, "rabbitmqctl", "--silent", "eval", "rabbit_alarm:get_alarms().").strip()


@pytest.fixture(scope="module")
def before_flood(servers: Stack) -> tuple[bool, int, str]:
    return lives(servers, RABBITMQ)


@pytest.fixture(scope="module")
def flooded(servers: Stack, before_flood: tuple[bool, int, str]) -> Tally:
    """More is sent than the container may use, so that RabbitMQ is killed unless it blocks those who send."""
    assert before_flood[0]
    # Ten times in a second, so that the mark decides and not the speed of the disk.
    servers.exec(RABBITMQ, "rabbitmqctl", "eval", "vm_memory_monitor:set_check_interval(100).")
    return flood(address_of(servers, "rabbitmq"), "news_poller", servers.secret("rabbitmq_news_poller"))


def test_rabbitmq_blocks_publishers_before_its_container_is_killed(
    servers: Stack, before_flood: tuple[bool, int, str], flooded: Tally
) -> None:
    assert lives(servers, RABBITMQ) == before_flood, flooded
    assert flooded.blocked > 0, flooded
    assert flooded.lost_connections == 0, flooded


def test_every_message_was_confirmed_or_refused_and_each_confirmed_one_is_there(
    servers: Stack, flooded: Tally
) -> None:
    assert flooded.confirmed > 0
    assert flooded.confirmed + flooded.refused == flooded.sent
    with closing(broker_as(servers, "sentiment_processor")) as connection:
        channel = connection.channel()
        channel.basic_qos(prefetch_count=PREFETCH)
        drained = 0
        for method, _, _ in channel.consume(RAW_NEWS_DATA.name, inactivity_timeout=10):
            if method is None:
                break
            channel.basic_ack(method.delivery_tag)
            drained += 1
        channel.cancel()
    assert drained == flooded.confirmed


def test_the_alarm_ends_and_publishing_goes_on(servers: Stack, flooded: Tally) -> None:
    assert flooded.sent
    eventually(lambda: alarms(servers) == "[]", lambda: f"no alarm any more: {alarms(servers)}")
    with closing(broker_as(servers, "news_poller")) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish("cryptoboy.events", "news.article", b"{}", mandatory=True)


@pytest.fixture(scope="module")
def store(servers: Stack) -> Iterator[redis.Redis]:
    """As the cacher."""
    with redis.Redis(
        host=address_of(servers, "redis"),
        username="signal_cacher",
        password=servers.secret("redis_signal_cacher"),
        decode_responses=True,
    ) as client:
        yield client


@pytest.fixture(scope="module")
def full(servers: Stack, store: redis.Redis) -> tuple[bool, int, str]:
    """Redis with as many signals as it takes, and a hold from before. How its container was before that."""
    servers.operator("pause", "--reason", "before it was full")
    before = lives(servers, REDIS)
    for size in SIGNAL_BYTES:
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            fill(store, size)
    return before


def fill(store: redis.Redis, size: int) -> None:
    for number in range(MOST_SIGNALS):
        store.zadd(signals_key("BTC/USDT"), {f"{size} {number} {'x' * size}": number})


def test_redis_refuses_writes_before_its_container_is_killed(
    servers: Stack, full: tuple[bool, int, str], store: redis.Redis
) -> None:
    # A copy of all that it has, while it has as much as it may.
    servers.redis("bgsave")
    eventually(lambda: store.info("persistence")["rdb_bgsave_in_progress"] == 0, "a copy")
    assert store.info("persistence")["rdb_last_bgsave_status"] == "ok"
    assert lives(servers, REDIS) == full


def test_a_full_redis_keeps_the_holds_and_takes_further_ones(servers: Stack, full: object) -> None:
    assert full
    assert "before it was full" in servers.redis("hget", HOLDS, "operator")
    servers.operator("pause", "--reason", "while it is full")
    assert "while it is full" in servers.redis("hget", HOLDS, "operator")
    assert "while it is full" in servers.operator("sentiment")


def test_redis_takes_signals_again_when_it_has_room(servers: Stack, full: object, store: redis.Redis) -> None:
    assert full
    store.delete(signals_key("BTC/USDT"))
    assert store.zadd(signals_key("BTC/USDT"), {"a signal": 1}) == 1
    assert lives(servers, REDIS)[0]
