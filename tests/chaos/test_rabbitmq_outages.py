"""A RabbitMQ that starves, and one that stops: on a server of this file's own, for others would suffer with it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.common.broker.options import BrokerOptions
from services.common.broker.port import Broker
from services.common.broker.rabbitmq.subscription import RabbitMqSubscription
from services.common.errors import TryLater
from services.common.settings.settings import Settings
from tests.support.broker.broker_house import BrokerHouse, news, publish_when_back, receive_all, receive_one
from tests.support.broker.rabbitmq_management import Management
from tests.support.servers.servers import RabbitServer, running_rabbitmq
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration

NEWS = "raw_news_data"


@pytest.fixture(scope="module")
def own_rabbitmq() -> Iterator[RabbitServer]:
    with running_rabbitmq({}) as server:
        yield server


@pytest.fixture
def house(own_rabbitmq: RabbitServer, tmp_path: Path) -> Iterator[BrokerHouse]:
    """In a vhost that is never deleted.

    RabbitMQ 3.10 takes no more quorum queues when some are deleted in the second after its start.
    """
    vhost = uuid.uuid4().hex
    with Management(own_rabbitmq) as management:
        management.create_vhost(vhost)
    settings = Settings(**own_rabbitmq.settings(vhost), state_dir=tmp_path)
    place = BrokerHouse(settings, BrokerOptions(first_reconnect=0.2, longest_reconnect=1.0))
    yield place
    place.close()


def test_a_server_that_blocks_publishers_is_reported_and_waited_for(
    house: BrokerHouse, own_rabbitmq: RabbitServer
) -> None:
    broker = house.broker()
    broker.publish([news(1)])
    own_rabbitmq.control.ctl("set_vm_memory_high_watermark", "absolute", "1MB")
    try:
        with pytest.raises(TryLater, match="memory"):
            _publish_until_blocked(broker)
        assert not broker.health().ok
        assert "memory" in broker.health().detail
    finally:
        own_rabbitmq.control.ctl("set_vm_memory_high_watermark", "0.4")
    publish_when_back(broker, 2)
    assert broker.health().ok


def _publish_until_blocked(broker: Broker) -> None:
    for number in range(100):  # the alarm takes a moment to go up
        try:
            broker.publish([news(number)], timeout=2)
        except TryLater as error:
            if "memory" in str(error):
                raise
            # Otherwise a busy machine was slow to confirm.
        time.sleep(0.1)


def test_a_server_that_stops_and_starts_again_loses_nothing(
    house: BrokerHouse, own_rabbitmq: RabbitServer
) -> None:
    broker = house.broker()
    subscription = broker.subscribe(NEWS, 10)
    broker.publish([news(1), news(2)])
    first = receive_one(subscription)
    own_rabbitmq.control.stop()
    try:
        assert isinstance(subscription, RabbitMqSubscription)
        eventually(lambda: subscription.problem is not None, "the loss is known")
        with pytest.raises(TryLater):
            broker.publish([news(3)], timeout=1)
        assert not broker.health().ok
        assert subscription.receive(10, 0.2) == []
        subscription.ack([first])  # too late: it comes again
        subscription.retry(first, "too late as well")
    finally:
        own_rabbitmq.control.start()
    publish_when_back(broker, 3)
    again = receive_all(subscription, 3)
    assert [each.body for each in again] == [news(number).body for number in (1, 2, 3)]
    assert broker.health().ok
