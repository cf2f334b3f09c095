from __future__ import annotations

from services.common.broker.rabbitmq.topology import rabbitmq_topology
from services.common.broker.topology import QUEUES, QueueKind


def test_every_routing_key_leads_to_its_queue() -> None:
    bindings = {(each.exchange, each.routing_key): each.queue for each in rabbitmq_topology(10).bindings}
    for queue in QUEUES:
        assert bindings["cryptoboy.events", queue.routing_key] == queue.name
        if queue.retried:
            assert bindings["cryptoboy.retry", queue.name] == queue.retry_name
            assert bindings["cryptoboy.dlx", queue.name] == queue.dead_letter_name


def test_only_candles_may_be_dropped_when_a_queue_overflows() -> None:
    overflow = {each.name: each.arguments.get("x-overflow") for each in rabbitmq_topology(10).queues}
    assert overflow.pop("raw_market_data") == "drop-head"
    assert "drop-head" not in overflow.values()


def test_whatever_is_dead_lettered_by_the_broker_is_kept_at_least_once() -> None:
    for queue in rabbitmq_topology(10).queues:
        if "x-dead-letter-exchange" in queue.arguments:
            assert queue.kind is QueueKind.QUORUM
            assert queue.arguments["x-dead-letter-strategy"] == "at-least-once"
            assert queue.arguments["x-overflow"] == "reject-publish"  # without it there is no at-least-once
