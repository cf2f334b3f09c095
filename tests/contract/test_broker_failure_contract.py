"""What every broker does when something is wrong, proved on the embedded one and on a real RabbitMQ alike."""

from __future__ import annotations

import time

import pytest

from services.common.broker.port import OutgoingMessage
from services.common.broker.topology import (
    HEADER_ATTEMPTS,
    HEADER_FIRST_ERROR,
    HEADER_LAST_ERROR,
    HEADER_QUEUE,
    HEADER_REASON,
    MARKET_CANDLE,
    NEWS_ARTICLE,
    SENTIMENT_SIGNAL,
)
from services.common.errors import NeverWorks, StopProgram, TryLater
from services.common.messages import MAX_BODY_BYTES
from tests.support.broker.broker_house import (
    SHORT_RETRY_SECONDS,
    BrokerHouse,
    depth,
    is_empty,
    news,
    receive_all,
    receive_one,
)
from tests.support.waiting import eventually

NEWS = "raw_news_data"


def test_a_retried_message_waits_and_comes_back_counted(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([OutgoingMessage(NEWS_ARTICLE, b"body", "id-1", {"x-trace": "t"})])
    subscription = broker.subscribe(NEWS, 10)
    began = time.monotonic()
    subscription.retry(receive_one(subscription), "the scorer timed out")
    again = receive_one(subscription)
    assert time.monotonic() - began >= SHORT_RETRY_SECONDS
    assert (again.body, again.message_id, again.attempts) == (b"body", "id-1", 1)
    assert again.headers["x-trace"] == "t"
    assert again.headers[HEADER_LAST_ERROR] == "the scorer timed out"
    subscription.ack([again])
    eventually(lambda: is_empty(broker, NEWS), "all queues are empty")


def test_a_waiting_message_does_not_hold_up_the_others(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(1), news(2)])
    subscription = broker.subscribe(NEWS, 1)
    subscription.retry(receive_one(subscription), "not now")
    assert receive_one(subscription).body == news(2).body


def test_a_message_that_keeps_failing_is_dead_lettered_with_its_story(house: BrokerHouse) -> None:
    broker = house.broker(retry_max_attempts=3)
    broker.publish([news(1)])
    subscription = broker.subscribe(NEWS, 10)
    for error in ("first error", "second error", "third error"):
        subscription.retry(receive_one(subscription), error)
    dead = receive_one(broker.subscribe(f"{NEWS}.dlq", 10))
    assert (dead.body, dead.message_id, dead.attempts) == (news(1).body, "news-1", 3)
    assert dead.headers[HEADER_FIRST_ERROR] == "first error"
    assert dead.headers[HEADER_LAST_ERROR] == "third error"
    assert dead.headers[HEADER_REASON] == "failed 3 times: third error"
    assert dead.headers[HEADER_QUEUE] == NEWS
    assert subscription.receive(10, 2 * SHORT_RETRY_SECONDS) == []


def test_a_hopeless_message_is_dead_lettered_at_once(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(1)])
    subscription = broker.subscribe(NEWS, 10)
    subscription.dead_letter(receive_one(subscription), "not JSON")
    dead = receive_one(broker.subscribe(f"{NEWS}.dlq", 10))
    assert (dead.body, dead.attempts, dead.headers[HEADER_REASON]) == (news(1).body, 0, "not JSON")


@pytest.mark.parametrize("queue", [f"{NEWS}.dlq", f"{NEWS}.retry"])
def test_a_dead_letter_can_neither_be_retried_nor_dead_lettered_again(house: BrokerHouse, queue: str) -> None:
    broker = house.broker()
    house.put_straight(queue, b"bare")
    subscription = broker.subscribe(queue, 10)
    delivery = receive_one(subscription)
    with pytest.raises(ValueError, match="acknowledged or released"):
        subscription.dead_letter(delivery, "no")
    with pytest.raises(ValueError, match="acknowledged or released"):
        subscription.retry(delivery, "no")


def test_a_reason_of_any_length_and_kind_fits_into_the_headers(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(1)])
    subscription = broker.subscribe(NEWS, 10)
    subscription.dead_letter(receive_one(subscription), "Trace\x00\n\ud800\U0001f600" + "x" * 1_000_000)
    reason = receive_one(broker.subscribe(f"{NEWS}.dlq", 10)).headers[HEADER_REASON]
    assert isinstance(reason, str)
    assert len(reason) == 500
    assert reason.startswith("Trace")


def test_a_failing_candle_is_dropped_for_it_can_be_had_again(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([OutgoingMessage(MARKET_CANDLE, b"{}", f"candle-{number}") for number in range(2)])
    subscription = broker.subscribe("raw_market_data", 10)
    subscription.retry(receive_one(subscription), "no")
    subscription.dead_letter(receive_one(subscription), "no")
    subscription.close()
    eventually(lambda: depth(broker, "raw_market_data") == 0, "the queue is empty")
    assert broker.subscribe("raw_market_data", 10).receive(10, 0.3) == []


def test_a_key_that_leads_nowhere_is_refused(house: BrokerHouse) -> None:
    broker = house.broker()
    with pytest.raises(NeverWorks, match=r"news\.nobody"):
        broker.publish([OutgoingMessage("news.nobody", b"{}", "id-1")])
    broker.publish([news(1)])
    assert receive_one(broker.subscribe(NEWS, 10)).body == news(1).body


def test_a_message_over_the_limit_is_refused_before_anything_is_stored(house: BrokerHouse) -> None:
    broker = house.broker()
    with pytest.raises(NeverWorks, match=f"news-2 of {MAX_BODY_BYTES + 1} bytes"):
        broker.publish([news(1), news(2, b"x" * (MAX_BODY_BYTES + 1))])
    assert broker.subscribe(NEWS, 10).receive(10, 0.3) == []


def test_a_message_of_just_the_limit_passes(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(1, b"x" * MAX_BODY_BYTES)])
    assert len(receive_one(broker.subscribe(NEWS, 10)).body) == MAX_BODY_BYTES


def test_a_bare_message_put_straight_into_a_queue_is_handled_like_any_other(house: BrokerHouse) -> None:
    broker = house.broker()
    house.put_straight(NEWS, b"bare")
    house.put_straight(NEWS, b"bare")
    subscription = broker.subscribe(NEWS, 10)
    first, second = receive_all(subscription, 2)
    assert (first.body, first.attempts) == (b"bare", 0)
    assert first.message_id == second.message_id != ""
    subscription.ack([second])
    subscription.retry(first, "once")
    again = receive_one(subscription)
    assert (again.body, again.attempts, again.message_id) == (b"bare", 1, first.message_id)


def test_a_nonsensical_attempt_count_counts_as_none(house: BrokerHouse) -> None:
    broker = house.broker()
    for value in ("many", -3):
        broker.publish([OutgoingMessage(NEWS_ARTICLE, b"{}", "id", {HEADER_ATTEMPTS: value})])
    assert [each.attempts for each in receive_all(broker.subscribe(NEWS, 10), 2)] == [0, 0]


@pytest.mark.parametrize("key", [NEWS_ARTICLE, SENTIMENT_SIGNAL])
def test_a_full_queue_refuses_and_keeps_all_it_confirmed(house: BrokerHouse, key: str) -> None:
    broker = house.broker(queue_max_length=5)
    confirmed: list[bytes] = []

    def publish_until_refused() -> None:
        for number in range(100):
            broker.publish([OutgoingMessage(key, b"%d" % number, f"id-{number}")])
            confirmed.append(b"%d" % number)

    with pytest.raises(TryLater, match="full"):
        publish_until_refused()
    assert len(confirmed) >= 5
    queue = NEWS if key == NEWS_ARTICLE else "sentiment_signals_queue"
    subscription = broker.subscribe(queue, 200)
    deliveries = receive_all(subscription, len(confirmed))
    assert [each.body for each in deliveries] == confirmed
    subscription.ack(deliveries)
    eventually(lambda: depth(broker, queue) == 0, "there is room")
    broker.publish([OutgoingMessage(key, b"after", "id-after")])


def test_two_sends_in_a_row_that_are_not_confirmed_show_in_its_health_until_one_is(
    house: BrokerHouse,
) -> None:
    broker = house.broker(queue_max_length=5)

    def publish_until_refused() -> None:
        for number in range(100):
            broker.publish([news(number)])

    with pytest.raises(TryLater, match="full"):
        publish_until_refused()
    assert broker.health().ok
    with pytest.raises(TryLater, match="full"):
        broker.publish([news(100)])
    assert not broker.health().ok
    assert "the last 2 sends were not confirmed" in broker.health().detail
    assert "full" in broker.health().detail
    subscription = broker.subscribe(NEWS, 200)
    delivery = receive_one(subscription)
    assert not broker.health().ok, "what is received says nothing of what is sent"
    subscription.dead_letter(delivery, "not JSON")
    assert broker.health().ok


def test_a_send_that_fails_now_and_then_does_not_show_in_its_health(house: BrokerHouse) -> None:
    broker = house.broker()
    for number in range(4):
        with pytest.raises(NeverWorks):
            broker.publish([OutgoingMessage("news.nobody", b"{}", "id-1")])
        assert broker.health().ok
        broker.publish([news(number)])


def test_a_full_queue_of_candles_drops_the_oldest(house: BrokerHouse) -> None:
    broker = house.broker(queue_max_length=5)
    broker.publish([OutgoingMessage(MARKET_CANDLE, b"%d" % number, f"c-{number}") for number in range(12)])
    deliveries = receive_all(broker.subscribe("raw_market_data", 100), 5)
    assert [each.body for each in deliveries] == [b"7", b"8", b"9", b"10", b"11"]


def test_a_queue_that_does_not_exist_cannot_be_consumed(house: BrokerHouse) -> None:
    broker = house.broker()
    with pytest.raises(StopProgram, match="raw_gossip"):
        broker.subscribe("raw_gossip", 10)
    broker.publish([news(1)])
    assert receive_one(broker.subscribe(NEWS, 10)).body == news(1).body


def test_before_the_start_and_after_the_end_the_broker_is_away(house: BrokerHouse) -> None:
    broker = house.unstarted()
    assert not broker.health().ok
    with pytest.raises(TryLater):
        broker.publish([news(1)], timeout=0.1)
    broker.start()
    broker.start()
    assert broker.health().ok
    broker.close()
    broker.close()
    assert not broker.health().ok
    with pytest.raises(TryLater, match="closed"):
        broker.publish([news(1)], timeout=60)
    with pytest.raises(TryLater, match="closed"):
        broker.subscribe(NEWS, 1)
    with pytest.raises(TryLater, match="closed"):
        broker.queues()
    with pytest.raises(TryLater, match="closed"):
        broker.start()
