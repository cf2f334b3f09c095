"""A row of requests on a channel of their own, one after the other, in the link's thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pika import SelectConnection
from pika.channel import Channel
from pika.exceptions import ChannelClosedByBroker
from pika.frame import Method

from services.common.broker.rabbitmq.errors import ACCESS_REFUSED
from services.common.broker.rabbitmq.topology import Topology


@dataclass(frozen=True, slots=True)
class Step:
    """One request.

    Attributes:
        doing: completes "RabbitMQ cannot ...".
        method: the channel's method that sends the request.
        arguments: what it is called with.
        may_be_refused: without the right to ask, take the answer for yes and go on.
    """

    doing: str
    method: str
    arguments: Mapping[str, Any]
    may_be_refused: bool = False


class StepRunner:
    """Does steps; calls `done` with the answers (None where the right was missing) or `failed`, once.

    Args:
        failed: gets what we were doing and the error. Not called when the connection itself ends.
    """

    def __init__(
        self,
        connection: SelectConnection,
        steps: Sequence[Step],
        done: Callable[[list[Any]], None],
        failed: Callable[[str, BaseException], None],
    ) -> None:
        self._connection = connection
        self._steps = steps
        self._done = done
        self._failed = failed
        self._answers: list[Any] = []
        self._finished = False

    def start(self) -> None:
        """Open a channel and do the next step on it."""
        self._connection.channel(on_open_callback=self._on_open)

    def _on_open(self, channel: Channel) -> None:
        channel.add_on_close_callback(self._on_close)
        self._next(channel)

    def _next(self, channel: Channel) -> None:
        if len(self._answers) == len(self._steps):
            self._finished = True
            channel.close()
            self._done(self._answers)
            return

        def answered(frame: Method) -> None:
            self._answers.append(frame)
            self._next(channel)

        step = self._steps[len(self._answers)]
        getattr(channel, step.method)(**step.arguments, callback=answered)

    def _on_close(self, _channel: Channel, reason: BaseException) -> None:
        if self._finished or not self._connection.is_open:
            return
        step = self._steps[min(len(self._answers), len(self._steps) - 1)]
        refused = isinstance(reason, ChannelClosedByBroker) and reason.reply_code == ACCESS_REFUSED
        if refused and step.may_be_refused:
            self._answers.append(None)
            self.start()
            return
        self._finished = True
        self._failed(step.doing, reason)


def steps_to_declare(topology: Topology) -> list[Step]:
    """Declare everything; what is there already with the same properties stays as it is."""
    exchanges = [
        Step(
            f"declare the exchange {name}",
            "exchange_declare",
            {"exchange": name, "exchange_type": kind, "durable": True},
        )
        for name, kind in topology.exchanges.items()
    ]
    queues = [
        Step(
            f"declare the queue {queue.name}",
            "queue_declare",
            {"queue": queue.name, "durable": True, "arguments": dict(queue.arguments)},
        )
        for queue in topology.queues
    ]
    bindings = [
        Step(
            f"bind the queue {binding.queue} to {binding.exchange}",
            "queue_bind",
            {
                "queue": binding.queue,
                "exchange": binding.exchange,
                "routing_key": binding.routing_key,
            },
        )
        for binding in topology.bindings
    ]
    return exchanges + queues + bindings


def steps_to_check(topology: Topology) -> list[Step]:
    """Ask whether everything is there, changing nothing. Bindings cannot be asked for."""
    exchanges = [
        Step(
            f"find the exchange {name}",
            "exchange_declare",
            {"exchange": name, "passive": True},
            may_be_refused=True,
        )
        for name in topology.exchanges
    ]
    return exchanges + steps_to_count(topology)


def steps_to_count(topology: Topology) -> list[Step]:
    """Ask for the state of every queue."""
    return [
        Step(
            f"find the queue {queue.name}",
            "queue_declare",
            {"queue": queue.name, "passive": True},
            may_be_refused=True,
        )
        for queue in topology.queues
    ]
