"""Sends requests one after the other on a separate channel, in the link's thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pika import SelectConnection
from pika.channel import Channel
from pika.exceptions import ChannelClosedByBroker
from pika.frame import Method

from services.common.broker.rabbitmq.errors import ACCESS_REFUSED
from services.common.broker.rabbitmq.topology import Topology


@dataclass(frozen=True, slots=True)
class Step:
    """One request to RabbitMQ.

    Attributes:
        doing: completes the sentence "RabbitMQ cannot ...".
        method: the name of the channel's method that sends the request.
        arguments: the keyword arguments of the method. If `passive` is one of them, the request counts as
            successful even if the user lacks the right for the request.
    """

    doing: str
    method: str
    arguments: Mapping[str, Any]


class StepRunner:
    """Sends the requests; calls `done` after the last answer, or `failed` after the first error.

    Args:
        done: called with the answers; an answer is None if the user lacks the right for that request.
        failed: called with the step's `doing` and the error. Not called if the connection itself ends.
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
        """Open a channel and send the next request on it."""
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
        if refused and "passive" in step.arguments:
            self._answers.append(None)
            self.start()
            return
        self._finished = True
        self._failed(step.doing, reason)


def steps_to_declare(topology: Topology) -> list[Step]:
    """The requests that declare the topology; an object that exists with the same properties is not changed."""
    return [
        *(
            _step(
                f"declare the exchange {name}",
                "exchange_declare",
                exchange=name,
                exchange_type=kind,
                durable=True,
            )
            for name, kind in topology.exchanges.items()
        ),
        *(
            _step(
                f"declare the queue {each.name}",
                "queue_declare",
                queue=each.name,
                durable=True,
                arguments=dict(each.arguments),
            )
            for each in topology.queues
        ),
        *(
            _step(f"bind the queue {each.queue} to {each.exchange}", "queue_bind", **asdict(each))
            for each in topology.bindings
        ),
    ]


def steps_to_check(topology: Topology) -> list[Step]:
    """The requests that check, without a change, whether exchanges and queues exist. Bindings cannot be checked."""
    return [
        _step(f"find the exchange {name}", "exchange_declare", exchange=name, passive=True)
        for name in topology.exchanges
    ] + steps_to_count(topology)


def steps_to_count(topology: Topology) -> list[Step]:
    """The requests for the state of every queue."""
    return [
        _step(f"find the queue {each.name}", "queue_declare", queue=each.name, passive=True)
        for each in topology.queues
    ]


def _step(doing: str, method: str, **arguments: Any) -> Step:  # noqa: ANN401 - pika's own
    return Step(doing, method, arguments)
