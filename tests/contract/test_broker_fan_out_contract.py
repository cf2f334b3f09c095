"""Every queue that is bound to a routing key has its own copy of a message, on the embedded broker and on RabbitMQ."""

from __future__ import annotations

import pytest

from services.common.broker.port import OutgoingMessage
from services.common.broker.topology import HEADER_QUEUE, HEADER_REASON, MARKET_CANDLE, NEWS_ARTICLE
from services.common.errors import TryLater
from services.operations.dead_letters import DeadLetterBox
from tests.contract.conftest import LAST_FEW, SECOND_READER
from tests.support.broker.broker_house import (
    SHORT_RETRY_SECONDS,
    BrokerHouse,
    depth,
    news,
    receive_all,
    receive_one,
)
from tests.support.waiting import eventually

NEWS = "raw_news_data"
SECOND = SECOND_READER.name


def test_each_queue_that_is_bound_to_a_key_gets_every_message(shared_house: BrokerHouse) -> None:
    broker = shared_house.broker()
    broker.publish([news(number) for number in range(3)])
    for queue in (NEWS, SECOND, LAST_FEW.name):
        deliveries = receive_all(broker.subscribe(queue, 10), 3)
        assert [each.body for each in deliveries] == [news(number).body for number in range(3)]
        assert [each.message_id for each in deliveries] == ["news-0", "news-1", "news-2"]


def test_a_queue_may_be_bound_to_several_keys(shared_house: BrokerHouse) -> None:
    broker = shared_house.broker()
    broker.publish(
        [OutgoingMessage(NEWS_ARTICLE, b"article", "a"), OutgoingMessage(MARKET_CANDLE, b"candle", "c")]
    )
    assert [each.body for each in receive_all(broker.subscribe(LAST_FEW.name, 10), 2)] == [
        b"article",
        b"candle",
    ]
    assert [each.body for each in receive_all(broker.subscribe(SECOND, 10), 1)] == [b"article"]


def test_an_acknowledgement_in_one_queue_takes_nothing_from_another(shared_house: BrokerHouse) -> None:
    broker = shared_house.broker()
    broker.publish([news(1), news(2)])
    subscription = broker.subscribe(NEWS, 10)
    subscription.ack(receive_all(subscription, 2))
    subscription.close()
    eventually(lambda: depth(broker, NEWS) == 0, "the first queue is empty")
    assert [each.body for each in receive_all(broker.subscribe(SECOND, 10), 2)] == [
        news(1).body,
        news(2).body,
    ]


def test_the_copies_survive_the_end_of_every_client(shared_house: BrokerHouse) -> None:
    broker = shared_house.broker()
    broker.publish([news(1)])
    subscription = broker.subscribe(NEWS, 10)
    subscription.ack([receive_one(subscription)])
    broker.close()
    again = shared_house.broker()
    assert receive_one(again.subscribe(SECOND, 10)).body == news(1).body
    assert depth(again, NEWS) == 0


def test_a_retry_brings_the_message_back_to_its_own_queue_alone(shared_house: BrokerHouse) -> None:
    broker = shared_house.broker()
    broker.publish([news(1)])
    subscription = broker.subscribe(NEWS, 10)
    subscription.retry(receive_one(subscription), "not now")
    assert receive_one(subscription).attempts == 1
    other = broker.subscribe(SECOND, 10)
    assert receive_one(other).attempts == 0
    assert other.receive(10, 2 * SHORT_RETRY_SECONDS) == []


def test_a_dead_letter_of_one_queue_is_none_of_another(shared_house: BrokerHouse) -> None:
    broker = shared_house.broker()
    broker.publish([news(1)])
    subscription = broker.subscribe(SECOND, 10)
    subscription.dead_letter(receive_one(subscription), "not JSON")
    dead = receive_one(broker.subscribe(f"{SECOND}.dlq", 10))
    assert (dead.headers[HEADER_QUEUE], dead.headers[HEADER_REASON]) == (SECOND, "not JSON")
    assert receive_one(broker.subscribe(NEWS, 10)).attempts == 0
    assert depth(broker, f"{NEWS}.dlq") == 0


def test_a_dead_letter_that_is_replayed_returns_to_its_own_queue_alone(shared_house: BrokerHouse) -> None:
    broker = shared_house.broker()
    broker.publish([news(1)])
    subscription = broker.subscribe(SECOND, 10)
    subscription.dead_letter(receive_one(subscription), "not JSON")
    eventually(lambda: depth(broker, f"{SECOND}.dlq") == 1, "it is a dead letter")
    with DeadLetterBox(broker, [SECOND_READER]) as box:
        assert box.replay(None) == 1
    assert receive_one(subscription).body == news(1).body
    eventually(lambda: depth(broker, NEWS) == 1, "the other queue has its one copy")


def test_a_message_for_a_queue_by_its_name_reaches_that_queue_alone(shared_house: BrokerHouse) -> None:
    broker = shared_house.broker()
    broker.publish([OutgoingMessage(SECOND, b"direct", "id-1")])
    subscription = broker.subscribe(SECOND, 10)
    assert receive_one(subscription).body == b"direct"
    shared_house.put_straight(SECOND, b"bare")
    assert receive_one(subscription).body == b"bare"
    assert all(depth(broker, name) == 0 for name in (NEWS, LAST_FEW.name))


def test_a_full_queue_refuses_while_one_that_drops_its_oldest_does_not(shared_house: BrokerHouse) -> None:
    broker = shared_house.broker(queue_max_length=5)

    def publish_until_refused() -> None:
        for number in range(100):
            broker.publish([news(number)])

    with pytest.raises(TryLater, match="full"):
        publish_until_refused()
    assert depth(broker, LAST_FEW.name) <= 5
    for queue in (NEWS, SECOND):
        subscription = broker.subscribe(queue, 200)
        subscription.ack(receive_all(subscription, depth(broker, queue)))
    broker.publish([OutgoingMessage(MARKET_CANDLE, b"%d" % number, f"c-{number}") for number in range(12)])
    eventually(lambda: depth(broker, LAST_FEW.name) == 5, "the oldest are dropped")
    newest = receive_all(broker.subscribe(LAST_FEW.name, 10), 5)
    assert [each.body for each in newest] == [b"7", b"8", b"9", b"10", b"11"]
