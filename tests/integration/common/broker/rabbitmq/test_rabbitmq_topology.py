"""The queues as a real RabbitMQ has them: declared by the adapter, or imported from the definitions."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pika
import pytest

from services.common.broker.options import BrokerOptions
from services.common.broker.rabbitmq.definitions import definitions
from services.common.broker.rabbitmq.topology import rabbitmq_topology
from services.common.broker.topology import DELIVERY_LIMIT, RAW_NEWS_DATA
from services.common.settings.settings import Settings
from services.operations.dead_letters import DeadLetter, DeadLetterBox
from tests.support.broker.broker_house import (
    SHORT_RETRY_SECONDS,
    BrokerHouse,
    depth,
    news,
    plain_parameters,
    receive_one,
)
from tests.support.broker.rabbitmq_management import Management
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration

NEWS = "raw_news_data"
PARTS = ("exchanges", "queues", "bindings")


@pytest.fixture
def house(rabbitmq_settings: Settings) -> Iterator[BrokerHouse]:
    place = BrokerHouse(rabbitmq_settings, BrokerOptions(retry_delay=lambda _attempts: SHORT_RETRY_SECONDS))
    yield place
    place.close()


def _comparable(parts: dict[str, Any]) -> dict[str, list[str]]:
    """The definitions without what a server adds or leaves out, each part in one order."""
    ignored = {"vhost", "type"}
    comparable = {}
    for name in PARTS:
        entries = [
            {
                key: value
                for key, value in entry.items()
                if key not in ignored or (name == "exchanges" and key == "type")
            }
            for entry in parts[name]
        ]
        comparable[name] = sorted(json.dumps(entry, sort_keys=True) for entry in entries)
    return comparable


def test_what_the_adapter_declares_is_what_the_definitions_say(
    house: BrokerHouse, management: Management, rabbitmq_vhost: str
) -> None:
    house.broker()
    exported = management.call("GET", f"definitions/{rabbitmq_vhost}")
    rendered = definitions(rabbitmq_vhost, house.settings.queue_max_length)
    assert _comparable(exported) == _comparable(rendered)


def test_imported_definitions_satisfy_the_adapter_whether_it_declares_or_checks(
    house: BrokerHouse, management: Management, rabbitmq_vhost: str
) -> None:
    rendered = definitions(rabbitmq_vhost, house.settings.queue_max_length)
    management.call("POST", f"definitions/{rabbitmq_vhost}", {part: rendered[part] for part in PARTS})
    for declare in (False, True):
        broker = house.broker(rabbitmq_declare=declare)
        broker.publish([news(1)])
        subscription = broker.subscribe(NEWS, 1)
        subscription.ack([receive_one(subscription)])
        subscription.close()


def test_queues_are_durable_and_of_the_types_that_were_promised(
    house: BrokerHouse, management: Management, rabbitmq_vhost: str
) -> None:
    house.broker()
    queues = management.call("GET", f"queues/{rabbitmq_vhost}")
    assert all(queue["durable"] for queue in queues)
    promised = {queue.name: queue.kind.value for queue in rabbitmq_topology(10).queues}
    assert promised.items() >= {"raw_market_data": "classic", "raw_news_data": "quorum"}.items()
    assert {queue["name"]: queue["type"] for queue in queues} == promised


def test_messages_are_persistent_json(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(1)])
    with closing(pika.BlockingConnection(plain_parameters(house.settings))) as connection:
        _, properties, _ = connection.channel().basic_get(NEWS)
    assert (properties.delivery_mode, properties.content_type) == (2, "application/json")
    assert properties.message_id == "news-1"
    assert abs(properties.timestamp - time.time()) < 600


@pytest.mark.parametrize("failed_before", [False, True])
def test_a_message_that_kills_its_consumers_ends_in_the_dead_letters_with_the_reason(
    house: BrokerHouse, *, failed_before: bool
) -> None:
    broker = house.broker()
    broker.publish([news(1)])
    if failed_before:  # and came back from the retry queue, which RabbitMQ counts as a death too
        with closing(broker.subscribe(NEWS, 1)) as subscription:
            subscription.retry(receive_one(subscription), "the model is away")
    with closing(pika.BlockingConnection(plain_parameters(house.settings))) as connection:
        channel = connection.channel()
        for _ in range(DELIVERY_LIMIT + 1):
            method, _, _ = next(channel.consume(NEWS, inactivity_timeout=60))
            channel.basic_reject(method.delivery_tag, requeue=True)
    eventually(lambda: depth(broker, f"{NEWS}.dlq") == 1, "it is among the dead letters")
    with DeadLetterBox(broker, [RAW_NEWS_DATA]) as box:
        (dead,) = box.letters()
    reason = "RabbitMQ dead-lettered it after more than 20 deliveries that no consumer settled"
    assert dead == DeadLetter(
        queue=NEWS,
        id="news-1",
        reason=reason,
        attempts=int(failed_before),
        first_error="the model is away" if failed_before else reason,
        last_error=reason,
        body=news(1).body,
    )
    eventually(lambda: depth(broker, NEWS) == 0, "the queue is empty")


def test_looking_at_a_dead_letter_does_not_wear_it_out(house: BrokerHouse) -> None:
    broker = house.broker()
    house.put_straight(f"{NEWS}.dlq", b"dead")
    subscription = broker.subscribe(f"{NEWS}.dlq", 1)
    for _ in range(3 * DELIVERY_LIMIT):
        dead = receive_one(subscription)
        subscription.release([dead])
    assert receive_one(subscription).body == b"dead"
