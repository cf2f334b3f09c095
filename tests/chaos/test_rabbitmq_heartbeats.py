"""A connection on which nothing is heard: kept while a message is handled, given up when its server is gone."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from services.common.broker.options import BrokerOptions
from services.common.errors import TryLater
from services.common.settings.settings import Settings
from tests.support.broker.broker_house import BrokerHouse, depth, news, receive_one
from tests.support.broker.rabbitmq_management import Management
from tests.support.servers.servers import RabbitServer
from tests.support.servers.tcp_proxy import TcpProxy
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration

NEWS = "raw_news_data"
HEARTBEAT_SECONDS = 2
"""Less is too little for a busy machine."""


@pytest.fixture
def house(rabbitmq_settings: Settings) -> Iterator[BrokerHouse]:
    options = BrokerOptions(
        first_reconnect=0.2, longest_reconnect=1.0, connect_timeout=5.0, heartbeat=HEARTBEAT_SECONDS
    )
    place = BrokerHouse(rabbitmq_settings, options)
    yield place
    place.close()


def test_heartbeats_are_kept_while_a_message_takes_long_to_handle(
    house: BrokerHouse, management: Management, rabbitmq_vhost: str
) -> None:
    broker = house.broker()
    broker.publish([news(1)])
    subscription = broker.subscribe(NEWS, 1)
    delivery = receive_one(subscription)
    eventually(lambda: len(management.connections(rabbitmq_vhost)) == 1, "the connection is listed")
    before = management.connections(rabbitmq_vhost)
    time.sleep(4 * HEARTBEAT_SECONDS)  # a silent connection is given up after two or three
    assert management.connections(rabbitmq_vhost) == before
    subscription.ack([delivery])
    subscription.close()
    eventually(lambda: depth(broker, NEWS) == 0, "the message is gone")


def test_a_connection_that_is_dead_without_saying_so_is_given_up_after_two_heartbeats(
    house: BrokerHouse, rabbitmq: RabbitServer
) -> None:
    with TcpProxy(rabbitmq.host, rabbitmq.port) as proxy:
        broker = house.unstarted(rabbitmq_host=proxy.host, rabbitmq_port=proxy.port)
        broker.start()
        proxy.abandon()
        with pytest.raises(TryLater, match="lost"):
            broker.publish([news(1)], timeout=30)
        broker.publish([news(1)], timeout=30)
