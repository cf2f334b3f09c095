"""What stops a reader whose messages nearly all become dead letters, on the embedded broker and on RabbitMQ alike."""

from __future__ import annotations

import pytest
import structlog
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.common.broker import dead_letter_limit
from services.common.broker.port import Broker, Subscription, TooManyDeadLetters
from tests.support.broker.broker_house import BrokerHouse, depth, news, receive_all, receive_one
from tests.support.waiting import eventually

NEWS = "raw_news_data"
DEAD = f"{NEWS}.dlq"


def _dead_letter(subscription: Subscription, count: int) -> None:
    for delivery in receive_all(subscription, count):
        subscription.dead_letter(delivery, "not JSON")


def _stopped(queue: str = NEWS) -> float | None:
    return REGISTRY.get_sample_value("cryptoboy_consuming_stopped", {"queue": queue})


def _published(house: BrokerHouse, count: int, **settings: object) -> Broker:
    broker = house.broker(**settings)
    broker.publish([news(number) for number in range(count)])
    return broker


def test_after_ten_dead_letters_in_a_row_the_next_message_stays_in_the_queue(house: BrokerHouse) -> None:
    broker = _published(house, 25)
    subscription = broker.subscribe(NEWS, 30)
    _dead_letter(subscription, 10)
    assert broker.health().ok
    assert _stopped() == 0
    with pytest.raises(
        TooManyDeadLetters, match="raw_news_data is not read any more: 10 of its last 10 messages"
    ):
        subscription.dead_letter(receive_one(subscription), "not JSON")
    subscription.close()
    eventually(lambda: depth(broker, NEWS) == 15, "the rest is in the queue")
    assert depth(broker, DEAD) == 10


def test_a_queue_that_is_not_read_any_more_shows_in_health_metrics_and_once_in_the_log(
    house: BrokerHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = _published(house, 12, dead_letter_limit=2)
    subscription = broker.subscribe(NEWS, 30)
    _dead_letter(subscription, 2)
    with capture_logs() as lines:
        monkeypatch.setattr(dead_letter_limit, "log", structlog.get_logger())
        for delivery in receive_all(subscription, 3):
            with pytest.raises(TooManyDeadLetters):
                subscription.dead_letter(delivery, "not JSON")
    assert [line["queue"] for line in lines if line["event"] == "consuming_stopped"] == [NEWS]
    assert not broker.health().ok
    assert "queues dlq list" in broker.health().detail
    assert _stopped() == 1


def test_a_reader_that_was_stopped_subscribes_in_vain_until_it_is_started_again(house: BrokerHouse) -> None:
    broker = _published(house, 12, dead_letter_limit=2)
    subscription = broker.subscribe(NEWS, 30)
    _dead_letter(subscription, 2)
    with pytest.raises(TooManyDeadLetters):
        subscription.dead_letter(receive_one(subscription), "not JSON")
    subscription.close()
    with pytest.raises(TooManyDeadLetters, match="start this service again") as refusal:
        broker.subscribe(NEWS, 30)
    assert refusal.value.after is not None
    assert len(receive_all(broker.subscribe(DEAD, 10), 2)) == 2, "other queues are read as before"
    broker.close()
    again = house.broker(dead_letter_limit=2)
    assert [each.body for each in receive_all(again.subscribe(NEWS, 30), 10)] == [
        news(number).body for number in range(2, 12)
    ]
    assert _stopped() == 0


def test_what_is_in_hand_when_the_reader_is_stopped_can_still_be_acknowledged(house: BrokerHouse) -> None:
    broker = _published(house, 4, dead_letter_limit=2)
    subscription = broker.subscribe(NEWS, 30)
    _dead_letter(subscription, 2)
    sound, odd = receive_all(subscription, 2)
    with pytest.raises(TooManyDeadLetters):
        subscription.dead_letter(odd, "not JSON")
    subscription.ack([sound])
    subscription.close()
    eventually(lambda: depth(broker, NEWS) == 1, "the other one is left")


def test_nearly_all_is_enough(house: BrokerHouse) -> None:
    broker = _published(house, 14)
    subscription = broker.subscribe(NEWS, 30)
    _dead_letter(subscription, 5)
    subscription.ack(receive_all(subscription, 2))
    _dead_letter(subscription, 5)
    with pytest.raises(TooManyDeadLetters, match="10 of its last 12"):
        subscription.dead_letter(receive_one(subscription), "not JSON")


def test_dead_letters_among_messages_that_are_handled_stop_nobody(house: BrokerHouse) -> None:
    broker = _published(house, 48)
    subscription = broker.subscribe(NEWS, 60)
    for _ in range(12):
        _dead_letter(subscription, 3)
        subscription.ack([receive_one(subscription)])
    assert broker.health().ok
    eventually(lambda: depth(broker, DEAD) == 36, "three of four are dead letters")


def test_messages_that_failed_too_often_count_as_well(house: BrokerHouse) -> None:
    broker = _published(house, 3, dead_letter_limit=2, retry_max_attempts=1)
    subscription = broker.subscribe(NEWS, 30)
    for delivery in receive_all(subscription, 2):
        subscription.retry(delivery, "a fault of ours")
    with pytest.raises(TooManyDeadLetters):
        subscription.retry(receive_one(subscription), "a fault of ours")


def test_without_a_limit_every_message_may_become_a_dead_letter(house: BrokerHouse) -> None:
    broker = _published(house, 30, dead_letter_limit=0)
    _dead_letter(broker.subscribe(NEWS, 30), 30)
    eventually(lambda: depth(broker, DEAD) == 30, "all are dead letters")
    assert broker.health().ok
