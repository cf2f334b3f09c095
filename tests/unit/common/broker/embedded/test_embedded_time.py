"""Waiting and expiry on the embedded queue, on a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.common.broker.options import BrokerOptions
from services.common.broker.port import OutgoingMessage
from services.common.broker.topology import MARKET_CANDLE, MARKET_TTL_SECONDS
from services.common.settings.settings import Settings
from tests.support.broker.broker_house import BrokerHouse, depth, news, receive_all, receive_one

NEWS = "raw_news_data"
CANDLES = "raw_market_data"
BEGIN = 1_000_000.0


class HandClock:
    """Monotonic seconds that stand still until they are moved."""

    def __init__(self) -> None:
        self.seconds = BEGIN

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def house(embedded_settings: Settings, clock: HandClock) -> Iterator[BrokerHouse]:
    place = BrokerHouse(embedded_settings, BrokerOptions(monotonic=clock))
    yield place
    place.close()


def _candle(number: int) -> OutgoingMessage:
    return OutgoingMessage(MARKET_CANDLE, b"%d" % number, f"candle-{number}")


def test_a_message_set_aside_comes_back_when_its_delay_is_over(house: BrokerHouse, clock: HandClock) -> None:
    broker = house.broker()
    broker.publish([news(1)])
    subscription = broker.subscribe(NEWS, 10)
    subscription.retry(receive_one(subscription), "no")
    clock.seconds += 4.9
    assert subscription.receive(10, 0.1) == []
    clock.seconds += 0.2
    again = receive_one(subscription)
    subscription.retry(again, "no")
    clock.seconds += 5.1
    assert subscription.receive(10, 0.1) == []
    clock.seconds += 5.0
    assert receive_one(subscription).attempts == 2


def test_a_message_due_comes_behind_those_that_wait_already(house: BrokerHouse, clock: HandClock) -> None:
    broker = house.broker()
    broker.publish([news(1)])
    subscription = broker.subscribe(NEWS, 1)
    subscription.retry(receive_one(subscription), "no")
    broker.publish([news(2)])
    clock.seconds += 6
    second = receive_one(subscription)
    subscription.ack([second])
    assert [second.body, receive_one(subscription).body] == [news(2).body, news(1).body]


def test_after_a_restart_of_the_machine_what_was_set_aside_is_not_forgotten(
    house: BrokerHouse, clock: HandClock
) -> None:
    broker = house.broker()
    broker.publish([news(1)])
    subscription = broker.subscribe(NEWS, 10)
    subscription.retry(receive_one(subscription), "no")
    broker.close()
    clock.seconds = 30.0  # the machine's clock begins anew with it
    assert receive_one(house.broker().subscribe(NEWS, 10)).attempts == 1


def test_candles_expire_and_news_do_not(house: BrokerHouse, clock: HandClock) -> None:
    broker = house.broker()
    broker.publish([_candle(1), news(1)])
    clock.seconds += MARKET_TTL_SECONDS - 1
    broker.publish([_candle(2)])
    clock.seconds += 2
    assert [each.body for each in receive_all(broker.subscribe(CANDLES, 10), 1)] == [b"2"]
    assert receive_one(broker.subscribe(NEWS, 10)).body == news(1).body


def test_candles_that_nobody_reads_expire_as_others_come(house: BrokerHouse, clock: HandClock) -> None:
    broker = house.broker()
    broker.publish([_candle(1)])
    clock.seconds += MARKET_TTL_SECONDS + 1
    broker.publish([_candle(2)])
    assert depth(broker, CANDLES) == 1


def test_after_a_restart_of_the_machine_no_candle_expires_early(house: BrokerHouse, clock: HandClock) -> None:
    broker = house.broker()
    broker.publish([_candle(1)])
    clock.seconds = 30.0
    assert receive_one(broker.subscribe(CANDLES, 10)).body == b"1"
