"""Checks whether a demo may use the queues of a shared broker, and removes the demo's messages at the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.common.broker.port import Broker, QueueState
from services.common.broker.topology import HISTORY, QUEUES
from services.common.errors import StopProgram

RECEIVE_SECONDS = 1.0
AT_ONCE = 500

# Retries first: messages that are due move from there to the queue itself.
_NEWS = tuple(name for queue in QUEUES if queue.retried for name in (queue.retry_name, queue.name))
_OTHERS = tuple(queue.name for queue in QUEUES if not queue.retried)
_KEPT = frozenset({*_NEWS, HISTORY.name})
"""The queues whose messages a demo must neither use up nor mix with its own."""
_WAY_OUT = "or give the demo a virtual host of its own (RABBITMQ_VHOST)"


def refuse_busy_queues(states: Iterable[QueueState]) -> None:
    """Raise StopProgram if other consumers read the queues: they would treat the demo's news as real."""
    for state in states:
        if state.name in _KEPT and state.consumers:
            raise StopProgram(
                f"queue {state.name} has {state.consumers} consumer(s): a pipeline is running on this broker, and "
                f"it would take replayed news for real. Stop it, {_WAY_OUT}."
            )


def refuse_waiting_news(states: Iterable[QueueState]) -> None:
    """Raise StopProgram if messages are waiting: the demo would score real news, and delete it at the end."""
    for state in states:
        if state.name in _KEPT and state.ready:
            raise StopProgram(
                f"queue {state.name} holds {state.ready} message(s) that no demo sent, and the demo would use them up. "
                f"Let the pipeline handle them first, {_WAY_OUT}."
            )


def names_to_empty(states: Iterable[QueueState], *, is_ours: bool) -> tuple[str, ...]:
    """The names of the queues that contain only the demo's messages at the end, so none with earlier candles.

    Args:
        states: the states of the queues before the demo.
        is_ours: whether the messages that wait now come from an earlier demo.
    """
    held = {state.name for state in states if state.ready}
    return (*_NEWS, *(name for name in _OTHERS if is_ours or name not in held))


def empty_queues(broker: Broker, names: Sequence[str]) -> None:
    """Delete the messages in these queues. Raises TryLater if the broker is away."""
    holding = {state.name for state in broker.queues() if state.ready or state.unacknowledged}
    for name in names:
        if name in holding:
            _empty(broker, name)


def _empty(broker: Broker, name: str) -> None:
    subscription = broker.subscribe(name, AT_ONCE)
    try:
        while deliveries := subscription.receive(AT_ONCE, RECEIVE_SECONDS):
            subscription.ack(deliveries)
    finally:
        subscription.close()
