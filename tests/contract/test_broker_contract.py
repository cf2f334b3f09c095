"""How every broker delivers, proved on the embedded one and on a real RabbitMQ alike."""

from __future__ import annotations

from services.common.broker.port import OutgoingMessage
from services.common.broker.topology import (
    HEADER_ATTEMPTS,
    HEADER_SCHEMA,
    MARKET_CANDLE,
    NEWS_ARTICLE,
    QUEUES,
    SENTIMENT_SIGNAL,
)
from services.common.messages import SCHEMA_VERSION
from tests.support.broker.broker_house import (
    BrokerHouse,
    depth,
    is_empty,
    news,
    receive_all,
    receive_one,
    state_of,
)
from tests.support.waiting import eventually

NEWS = "raw_news_data"


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


def test_what_a_closed_subscription_ends_comes_again_nevertheless(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(1), news(2), news(3), news(4)])
    closed = broker.subscribe(NEWS, 10)
    first, second, third, fourth = receive_all(closed, 4)
    closed.close()
    closed.close()
    subscription = broker.subscribe(NEWS, 10)
    again = receive_all(subscription, 4)
    closed.ack([first])
    closed.release([second])
    closed.retry(third, "too late")
    closed.dead_letter(fourth, "too late")
    assert subscription.receive(10, 0.3) == []
    subscription.ack(again[:1])
    subscription.close()
    assert len(receive_all(broker.subscribe(NEWS, 10), 3)) == 3


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


def test_a_batch_longer_than_any_window_is_confirmed_whole(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(number) for number in range(4_500)], timeout=60)
    subscription = broker.subscribe(NEWS, 500)
    bodies: list[bytes] = []
    while len(bodies) < 4_500:
        deliveries = receive_all(subscription, min(200, 4_500 - len(bodies)))
        bodies += [each.body for each in deliveries]
        subscription.ack(deliveries)
    assert bodies == [news(number).body for number in range(4_500)]


def test_publishing_nothing_does_nothing(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([])
    assert is_empty(broker, NEWS)


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


def test_the_state_of_every_queue_is_told(house: BrokerHouse) -> None:
    broker = house.broker()
    broker.publish([news(number) for number in range(3)])
    assert [state.name for state in broker.queues()] == [
        name
        for queue in QUEUES
        for name in (queue.name, *((queue.retry_name, queue.dead_letter_name) if queue.retried else ()))
    ]
    eventually(lambda: depth(broker, NEWS) == 3, "three are ready")
    subscription = broker.subscribe(NEWS, 2)
    receive_all(subscription, 2)
    eventually(lambda: depth(broker, NEWS) == 1, "two are in hand")
    eventually(lambda: state_of(broker, NEWS).consumers == 1, "somebody has them")
    assert state_of(broker, NEWS).unacknowledged in {2, None}
    subscription.close()
    eventually(lambda: depth(broker, NEWS) == 3, "they are ready again")
    eventually(lambda: state_of(broker, NEWS).consumers == 0, "nobody consumes")


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
    eventually(lambda: is_empty(broker, NEWS), "nothing is left")


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
