from __future__ import annotations

from services.common.broker.rabbitmq.topology import rabbitmq_topology
from services.common.broker.topology import QUEUES, RAW_NEWS_DATA, SENTIMENT_SIGNALS, QueueKind


def test_every_routing_key_leads_to_its_queue_and_so_does_the_name_of_the_queue() -> None:
    bindings = {(each.exchange, each.routing_key, each.queue) for each in rabbitmq_topology(10).bindings}
    for queue in QUEUES:
        for key in (*queue.routing_keys, queue.name):
            assert ("cryptoboy.events", key, queue.name) in bindings
        if queue.retried:
            assert ("cryptoboy.retry", queue.name, queue.retry_name) in bindings
            assert ("cryptoboy.dlx", queue.name, queue.dead_letter_name) in bindings


def test_a_queue_whose_messages_are_retried_refuses_more_than_it_holds_and_any_other_drops_its_oldest() -> (
    None
):
    overflow = {each.name: each.arguments.get("x-overflow") for each in rabbitmq_topology(10).queues}
    for queue in QUEUES:
        assert overflow.pop(queue.name) == ("reject-publish" if queue.retried else "drop-head")
    assert "drop-head" not in overflow.values()


def test_no_article_and_no_signal_is_dropped_when_its_queue_overflows() -> None:
    assert RAW_NEWS_DATA.retried
    assert SENTIMENT_SIGNALS.retried


def test_only_candles_expire() -> None:
    expiring = {each.name for each in rabbitmq_topology(10).queues if "x-message-ttl" in each.arguments}
    assert expiring == {"raw_market_data"}


def test_whatever_is_dead_lettered_by_the_broker_is_kept_at_least_once() -> None:
    for queue in rabbitmq_topology(10).queues:
        if "x-dead-letter-exchange" in queue.arguments:
            assert queue.kind is QueueKind.QUORUM
            assert queue.arguments["x-dead-letter-strategy"] == "at-least-once"
            assert queue.arguments["x-overflow"] == "reject-publish"  # without it there is no at-least-once
