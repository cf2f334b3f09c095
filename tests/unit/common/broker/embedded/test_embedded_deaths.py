"""Consumers of the embedded queue that die, without the cost of real processes."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from services.common.broker.embedded.broker import EmbeddedBroker
from services.common.broker.embedded.owner import Owner
from services.common.broker.options import BrokerOptions
from services.common.broker.topology import (
    DELIVERY_LIMIT,
    HEADER_FIRST_ERROR,
    HEADER_LAST_ERROR,
    HEADER_QUEUE,
    HEADER_REASON,
)
from services.common.settings.settings import Settings
from tests.support.broker.broker_house import BrokerHouse, depth, news, receive_one

NEWS = "raw_news_data"


@pytest.fixture
def house(embedded_settings: Settings) -> Iterator[BrokerHouse]:
    place = BrokerHouse(embedded_settings, BrokerOptions())
    yield place
    place.close()


def _die_with_a_message(house: BrokerHouse) -> None:
    """As a process that ends: the kernel closes what it had open, and nothing else happens."""
    broker = EmbeddedBroker(house.settings, house.clock, house.options)
    broker.start()
    receive_one(broker.subscribe(NEWS, 1))
    assert broker._owner is not None
    assert broker._file is not None
    os.close(broker._owner._descriptor)
    broker._file.close()


def test_a_message_is_not_given_up_while_few_died_of_it(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(1)])
    for _ in range(DELIVERY_LIMIT):
        _die_with_a_message(house)
    assert receive_one(broker.subscribe(NEWS, 1)).body == news(1).body


def test_a_message_that_kills_its_consumers_ends_in_the_dead_letters(house: BrokerHouse) -> None:
    house.broker().publish([news(1), news(2)])
    for _ in range(DELIVERY_LIMIT + 1):
        _die_with_a_message(house)
    broker = house.broker()
    dead = receive_one(broker.subscribe(f"{NEWS}.dlq", 1))
    assert (dead.body, dead.message_id) == (news(1).body, "news-1")
    reason = "21 consumers died while they handled it"
    assert [dead.headers[name] for name in (HEADER_REASON, HEADER_FIRST_ERROR, HEADER_LAST_ERROR)] == [
        reason
    ] * 3
    assert dead.headers[HEADER_QUEUE] == NEWS
    assert depth(broker, NEWS) == 1


def test_signs_of_life_of_the_dead_are_cleared_away(house: BrokerHouse) -> None:
    house.broker().publish([news(1)])
    _die_with_a_message(house)
    broker = house.broker()
    receive_one(broker.subscribe(NEWS, 1))
    left = {path.name for path in (house.settings.state_dir / "queue.owners").iterdir()}
    house.close()
    assert len(left) == 2  # those of the two that live
    assert list((house.settings.state_dir / "queue.owners").iterdir()) == []


def test_an_owner_is_alive_until_it_is_closed(embedded_settings: Settings) -> None:
    folder = embedded_settings.state_dir
    one, other = Owner(folder), Owner(folder)
    assert other.is_alive(one.name)
    one.close()
    assert not other.is_alive(one.name)
    assert not other.is_alive("nobody")
    other.close()
