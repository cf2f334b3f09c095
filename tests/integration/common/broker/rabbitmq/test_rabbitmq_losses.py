"""Connections, channels, queues and servers come and go; the adapter goes on by itself."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.common.broker.options import BrokerOptions
from services.common.broker.port import Broker
from services.common.broker.rabbitmq.broker import RabbitMqBroker
from services.common.errors import TryLater
from services.common.settings.settings import Settings
from tests.support.broker.broker_house import (
    BrokerHouse,
    depth,
    news,
    publish_when_back,
    receive_all,
    receive_one,
)
from tests.support.broker.rabbitmq_management import Management
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration

NEWS = "raw_news_data"


@pytest.fixture
def house(rabbitmq_settings: Settings) -> Iterator[BrokerHouse]:
    options = BrokerOptions(
        retry_delay=lambda _attempts: 0.2, first_reconnect=0.2, longest_reconnect=1.0, connect_timeout=5.0
    )
    place = BrokerHouse(rabbitmq_settings, options)
    yield place
    place.close()


def _close_all_connections(management: Management, vhost: str) -> None:
    eventually(lambda: bool(management.connections(vhost)), "the connection is listed")
    for name in management.connections(vhost):
        management.close_connection(name)


def test_a_connection_closed_by_the_server_comes_back_with_its_subscriptions(
    house: BrokerHouse, management: Management, rabbitmq_vhost: str
) -> None:
    broker = house.broker()
    broker.publish([news(1), news(2)])
    subscription = broker.subscribe(NEWS, 10)
    first, second = receive_all(subscription, 2)
    subscription.ack([first])
    assert depth(broker, NEWS) == 0  # asked on the same connection, so RabbitMQ has the acknowledgement now
    _close_all_connections(management, rabbitmq_vhost)
    again = receive_one(subscription)  # while `second` is still being handled
    assert (again.body, again.redelivered, again.attempts) == (second.body, True, 0)
    subscription.ack([second])  # of the lost connection: must not end the new delivery
    subscription.retry(second, "nor may this")
    subscription.close()
    assert receive_one(broker.subscribe(NEWS, 10)).body == second.body
    assert depth(broker, f"{NEWS}.retry") == 0
    publish_when_back(broker, 3)


def test_messages_on_the_way_when_the_connection_is_lost_are_not_taken_for_confirmed(
    house: BrokerHouse, management: Management, rabbitmq_vhost: str
) -> None:
    broker = house.broker()
    eventually(lambda: bool(management.connections(rabbitmq_vhost)), "the connection is listed")
    confirmed = 0
    (name,) = management.connections(rabbitmq_vhost)
    management.close_connection(name)
    for start in range(0, 3_000, 300):
        try:
            broker.publish([news(start + number) for number in range(300)], timeout=10)
        except TryLater:
            continue
        confirmed += 300
    assert confirmed > 0
    eventually(lambda: depth(broker, NEWS) >= confirmed, "all confirmed messages are there")


def test_a_channel_closed_by_the_server_is_opened_again(house: BrokerHouse) -> None:
    """As when a message is in hand for longer than the server's consumer timeout."""
    broker = house.broker()
    broker.publish([news(1)])
    subscription = broker.subscribe(NEWS, 10)
    receive_one(subscription)
    assert isinstance(broker, RabbitMqBroker)
    (consumer,) = broker._subscriptions
    broker._link.post(lambda: consumer._channel.basic_ack(999))  # a breach of protocol: the channel ends
    again = receive_one(subscription)
    assert (again.body, again.redelivered) == (news(1).body, True)
    subscription.ack([again])
    broker.publish([news(2)])
    assert receive_one(subscription).body == news(2).body


def test_a_queue_deleted_under_its_consumer_is_declared_and_consumed_again(
    house: BrokerHouse, management: Management, rabbitmq_vhost: str
) -> None:
    broker = house.broker()
    subscription = broker.subscribe(NEWS, 10)
    management.call("DELETE", f"queues/{rabbitmq_vhost}/{NEWS}")
    _publish_when_routed(broker)
    assert receive_one(subscription).body == news(1).body


def _publish_when_routed(broker: Broker) -> None:
    eventually(lambda: _has(broker, NEWS), "the queue is there again")
    publish_when_back(broker, 1)


def _has(broker: Broker, queue: str) -> bool:
    try:
        return any(state.name == queue and state.consumers == 1 for state in broker.queues())
    except TryLater:
        return False


def test_a_server_that_says_nothing_holds_nobody_up(house: BrokerHouse) -> None:
    house.options = BrokerOptions(connect_timeout=0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        broker = house.unstarted(rabbitmq_port=silent.getsockname()[1])
        with pytest.raises(TryLater, match="cannot be reached"):
            broker.start()
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(broker.publish, [news(1)], 600)
            time.sleep(0.1)  # it waits for a connection now; if it does not yet, it finds the broker closed
            broker.close()
            with pytest.raises(TryLater, match="closed"):
                waiting.result(timeout=30)


def test_the_loss_of_the_right_to_read_is_reported_and_mended_without_a_restart(
    house: BrokerHouse, management: Management, rabbitmq_vhost: str
) -> None:
    broker = house.broker()
    subscription = broker.subscribe(NEWS, 10)
    user = house.settings.rabbitmq_user
    management.allow(rabbitmq_vhost, user, read="^$")
    assert isinstance(broker, RabbitMqBroker)
    (consumer,) = broker._subscriptions
    broker._link.post(lambda: consumer._channel.basic_ack(999))  # ends the channel; the next may not consume
    eventually(lambda: "consume" in broker.health().detail, "it is reported")
    assert not broker.health().ok
    management.allow(rabbitmq_vhost, user)
    broker.publish([news(1)])
    assert receive_one(subscription).body == news(1).body
    assert broker.health().ok
