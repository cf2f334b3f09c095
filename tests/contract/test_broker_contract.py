"""What every broker does, proved on the embedded one and on a real RabbitMQ alike."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from services.common.broker.options import BrokerOptions
from services.common.broker.port import OutgoingMessage
from services.common.broker.topology import (
    HEADER_ATTEMPTS,
    HEADER_FIRST_ERROR,
    HEADER_LAST_ERROR,
    HEADER_QUEUE,
    HEADER_REASON,
    HEADER_SCHEMA,
    MARKET_CANDLE,
    NEWS_ARTICLE,
    SENTIMENT_SIGNAL,
)
from services.common.errors import NeverWorks, StopProgram, TryLater
from services.common.messages import MAX_BODY_BYTES, SCHEMA_VERSION
from tests.broker_house import (
    BrokerHouse,
    depth,
    eventually,
    news,
    receive_all,
    receive_one,
    state_of,
)

NEWS = "raw_news_data"
RETRY_SECONDS = 0.4


@pytest.fixture(
    params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.integration)],
)
def house(request: pytest.FixtureRequest) -> Iterator[BrokerHouse]:
    settings = request.getfixturevalue(f"{request.param}_settings")
    place = BrokerHouse(settings, BrokerOptions(retry_delay=lambda _attempts: RETRY_SECONDS))
    yield place
    place.close()


def test_messages_come_in_the_order_they_were_published(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(number) for number in range(40)])
    for number in range(40, 45):
        broker.publish([news(number)])
    deliveries = receive_all(broker.subscribe(NEWS, 100), 45)
    assert [each.body for each in deliveries] == [news(number).body for number in range(45)]


def test_a_delivery_carries_what_was_published(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish(
        [OutgoingMessage(NEWS_ARTICLE, b'{"title": "\xc3\xa4"}', "id-1", {"x-trace": "t", "x-n": 7})]
    )
    delivery = receive_one(broker.subscribe(NEWS, 10))
    assert (delivery.queue, delivery.body, delivery.message_id) == (NEWS, b'{"title": "\xc3\xa4"}', "id-1")
    assert (delivery.attempts, delivery.redelivered) == (0, False)
    assert delivery.headers == {
        "x-trace": "t",
        "x-n": 7,
        HEADER_SCHEMA: SCHEMA_VERSION,
        HEADER_ATTEMPTS: 0,
    }


def test_each_routing_key_leads_to_its_own_queue(house: BrokerHouse) -> None:
    broker = house.broker()
    keys = {MARKET_CANDLE: "raw_market_data", NEWS_ARTICLE: NEWS, SENTIMENT_SIGNAL: "sentiment_signals_queue"}
    broker.publish([OutgoingMessage(key, key.encode(), key) for key in keys])
    for key, queue in keys.items():
        assert receive_one(broker.subscribe(queue, 1)).body == key.encode()


def test_an_acknowledged_message_is_gone(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(1), news(2)])
    subscription = broker.subscribe(NEWS, 10)
    subscription.ack(receive_all(subscription, 2))
    subscription.close()
    assert broker.subscribe(NEWS, 10).receive(10, 0.3) == []


def test_what_is_not_ended_comes_again_when_the_subscription_is_closed(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(1), news(2), news(3)])
    subscription = broker.subscribe(NEWS, 10)
    first, second, third = receive_all(subscription, 3)
    subscription.ack([second])
    subscription.close()
    again = receive_all(broker.subscribe(NEWS, 10), 2)
    assert {each.body for each in again} == {first.body, third.body}
    assert all(each.redelivered for each in again)
    assert [each.attempts for each in again] == [0, 0]


def test_what_is_not_ended_comes_again_when_the_broker_is_closed(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(1)])
    receive_one(broker.subscribe(NEWS, 10))
    broker.close()
    again = receive_one(house.broker().subscribe(NEWS, 10))
    assert (again.body, again.redelivered) == (news(1).body, True)


def test_a_released_message_comes_again_uncounted(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(1)])
    subscription = broker.subscribe(NEWS, 10)
    subscription.release([receive_one(subscription)])
    again = receive_one(subscription)
    assert (again.body, again.redelivered, again.attempts) == (news(1).body, True, 0)


def test_no_more_than_the_prefetch_is_in_hand(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(number) for number in range(6)])
    subscription = broker.subscribe(NEWS, 3)
    in_hand = receive_all(subscription, 3)
    assert subscription.receive(10, 0.3) == []
    subscription.ack(in_hand[:1])
    assert receive_one(subscription).body == news(3).body
    assert subscription.receive(10, 0.3) == []


def test_receive_returns_no_more_than_asked(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(number) for number in range(5)])
    subscription = broker.subscribe(NEWS, 10)
    assert len(receive_all(subscription, 5)) == 5
    subscription.close()
    fresh = broker.subscribe(NEWS, 10)
    assert len(fresh.receive(2, 10)) <= 2


def test_a_retried_message_waits_and_comes_back_counted(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([OutgoingMessage(NEWS_ARTICLE, b"body", "id-1", {"x-trace": "t"})])
    subscription = broker.subscribe(NEWS, 10)
    began = time.monotonic()
    subscription.retry(receive_one(subscription), "the scorer timed out")
    again = receive_one(subscription)
    assert time.monotonic() - began >= RETRY_SECONDS
    assert (again.body, again.message_id, again.attempts) == (b"body", "id-1", 1)
    assert again.headers["x-trace"] == "t"
    assert again.headers[HEADER_LAST_ERROR] == "the scorer timed out"
    subscription.ack([again])
    eventually("all queues are empty", lambda: all(state.ready == 0 for state in broker.queues()))


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
    assert subscription.receive(10, 2 * RETRY_SECONDS) == []


def test_a_hopeless_message_is_dead_lettered_at_once(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(1)])
    subscription = broker.subscribe(NEWS, 10)
    subscription.dead_letter(receive_one(subscription), "not JSON")
    dead = receive_one(broker.subscribe(f"{NEWS}.dlq", 10))
    assert (dead.body, dead.attempts, dead.headers[HEADER_REASON]) == (news(1).body, 0, "not JSON")


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
    broker.publish([OutgoingMessage(MARKET_CANDLE, b"{}", "candle-1")])
    subscription = broker.subscribe("raw_market_data", 10)
    subscription.retry(receive_one(subscription), "no")
    subscription.close()
    eventually("the queue is empty", lambda: depth(broker, "raw_market_data") == 0)
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


def test_a_batch_longer_than_any_window_is_confirmed_whole(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(number) for number in range(2_500)], timeout=60)
    subscription = broker.subscribe(NEWS, 500)
    bodies: list[bytes] = []
    while len(bodies) < 2_500:
        deliveries = receive_all(subscription, min(200, 2_500 - len(bodies)))
        bodies += [each.body for each in deliveries]
        subscription.ack(deliveries)
    assert bodies == [news(number).body for number in range(2_500)]


def test_publishing_nothing_does_nothing(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([])
    assert all(state.ready == 0 for state in broker.queues())


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


def test_two_consumers_share_the_messages(house: BrokerHouse) -> None:
    one, other = house.broker(), house.broker()
    left, right = one.subscribe(NEWS, 5), other.subscribe(NEWS, 5)
    one.publish([news(number) for number in range(10)])
    bodies = [each.body for each in [*receive_all(left, 5), *receive_all(right, 5)]]
    assert sorted(bodies) == sorted(news(number).body for number in range(10))


def test_messages_survive_the_end_of_every_client(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(1), news(2)])
    broker.close()
    deliveries = receive_all(house.broker().subscribe(NEWS, 10), 2)
    assert [each.body for each in deliveries] == [news(1).body, news(2).body]


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
    eventually("there is room", lambda: depth(broker, queue) == 0)
    broker.publish([OutgoingMessage(key, b"after", "id-after")])


def test_a_full_queue_of_candles_drops_the_oldest(house: BrokerHouse) -> None:
    broker = house.broker(queue_max_length=5)
    broker.publish([OutgoingMessage(MARKET_CANDLE, b"%d" % number, f"c-{number}") for number in range(12)])
    deliveries = receive_all(broker.subscribe("raw_market_data", 100), 5)
    assert [each.body for each in deliveries] == [b"7", b"8", b"9", b"10", b"11"]


def test_the_state_of_every_queue_is_told(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(number) for number in range(3)])
    assert [state.name for state in broker.queues()] == [
        "raw_market_data",
        NEWS,
        f"{NEWS}.retry",
        f"{NEWS}.dlq",
        "sentiment_signals_queue",
        "sentiment_signals_queue.retry",
        "sentiment_signals_queue.dlq",
    ]
    eventually("three are ready", lambda: depth(broker, NEWS) == 3)
    subscription = broker.subscribe(NEWS, 2)
    receive_all(subscription, 2)
    eventually("two are in hand", lambda: depth(broker, NEWS) == 1)
    assert state_of(broker, NEWS).consumers == 1
    assert state_of(broker, NEWS).unacknowledged in {2, None}
    subscription.close()
    eventually("they are ready again", lambda: depth(broker, NEWS) == 3)
    assert state_of(broker, NEWS).consumers == 0


def test_ending_a_delivery_twice_is_harmless(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(1), news(2)])
    subscription = broker.subscribe(NEWS, 10)
    first, second = receive_all(subscription, 2)
    subscription.ack([first])
    subscription.ack([first])
    subscription.release([first])
    subscription.retry(first, "too late")
    subscription.dead_letter(first, "too late")
    subscription.ack([second])
    subscription.close()
    subscription.ack([second])
    eventually("nothing is left", lambda: all(state.ready == 0 for state in broker.queues()))


def test_deliveries_may_be_ended_in_any_order(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(number) for number in range(8)])
    subscription = broker.subscribe(NEWS, 10)
    deliveries = receive_all(subscription, 8)
    subscription.ack([deliveries[5], deliveries[2]])
    subscription.ack([deliveries[0], deliveries[1], deliveries[7]])
    subscription.close()
    again = receive_all(broker.subscribe(NEWS, 10), 3)
    assert {each.body for each in again} == {news(number).body for number in (3, 4, 6)}


def test_a_closed_subscription_receives_nothing_at_once(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(1)])
    subscription = broker.subscribe(NEWS, 10)
    subscription.close()
    subscription.close()
    assert subscription.receive(10, 60) == []


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
