"""history_queue never refuses a message and holds up no publisher, on the embedded broker and on RabbitMQ."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.common.broker.port import Broker, OutgoingMessage
from services.common.broker.topology import (
    DELIVERY_LIMIT,
    HISTORY,
    MARKET_CANDLE,
    NEWS_ARTICLE,
    NEWS_SCORED,
    QUEUES,
    RAW_NEWS_DATA,
)
from services.common.errors import NeverWorks
from tests.support.broker.broker_house import BrokerHouse, depth, news, receive_all, receive_one
from tests.support.waiting import eventually


def result(number: int, *, mandatory: bool = False) -> OutgoingMessage:
    return OutgoingMessage(NEWS_SCORED, b"result %d" % number, f"r-{number}", mandatory=mandatory)


def has_depth(broker: Broker, queue: str, count: int) -> None:
    eventually(lambda: depth(broker, queue) == count, f"{queue} holds {count}")


def test_it_has_a_copy_of_each_article_result_and_candle_in_their_order(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish(
        [
            OutgoingMessage(NEWS_ARTICLE, b"article", "a"),
            result(1),
            OutgoingMessage(MARKET_CANDLE, b"candle", "c"),
        ]
    )
    deliveries = receive_all(broker.subscribe(HISTORY.name, 10), 3)
    assert [each.body for each in deliveries] == [b"article", b"result 1", b"candle"]
    assert depth(broker, RAW_NEWS_DATA.name) == 1


def test_at_its_limit_it_drops_its_oldest_and_takes_the_newest(house: BrokerHouse) -> None:
    broker = house.broker(queue_max_length=5)
    for number in range(12):
        broker.publish([result(number)])
    has_depth(broker, HISTORY.name, 5)
    newest = receive_all(broker.subscribe(HISTORY.name, 10), 5)
    assert [each.body for each in newest] == [b"result %d" % number for number in range(7, 12)]


def test_if_it_is_full_because_nobody_records_the_queues_of_others_take_what_they_did(
    house: BrokerHouse,
) -> None:
    broker = house.broker(queue_max_length=5)
    articles = broker.subscribe(RAW_NEWS_DATA.name, 10)
    for number in range(12):
        broker.publish([news(number)])
        delivery = receive_one(articles)
        assert delivery.body == news(number).body
        articles.ack([delivery])
    has_depth(broker, HISTORY.name, 5)


def test_a_message_that_was_given_back_often_is_not_dropped(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([result(1)])
    subscription = broker.subscribe(HISTORY.name, 1)
    for _ in range(2 * DELIVERY_LIMIT):
        subscription.release([receive_one(subscription)])
    assert receive_one(subscription).body == b"result 1"


def test_a_message_that_is_not_mandatory_needs_no_queue(house: BrokerHouse) -> None:
    house.options = replace(house.options, queues=tuple(queue for queue in QUEUES if queue is not HISTORY))
    broker = house.broker()
    broker.publish([result(1), news(1), result(2)])
    has_depth(broker, RAW_NEWS_DATA.name, 1)
    with pytest.raises(NeverWorks, match=r"news\.scored"):
        broker.publish([result(3, mandatory=True)])
