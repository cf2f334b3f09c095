"""Publishes with confirms: many messages are in flight at once, and the answer for each one is tracked.

RabbitMQ confirms or refuses every message by its number on the channel; a mandatory message that no queue accepts is
returned before it is confirmed. A batch is passed to the link's thread as a whole, and ends when all messages are
answered.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from pika import SelectConnection, spec
from pika.channel import Channel
from pika.frame import Method

from services.common.broker.confirmations import Confirmations
from services.common.broker.rabbitmq.errors import why_refused
from services.common.broker.rabbitmq.link import Link
from services.common.broker.rabbitmq.messages import Parcel
from services.common.errors import CryptoBoyError, NeverWorks, TryLater

WINDOW_MESSAGES = 1_000
WINDOW_BYTES = 16 * 1024 * 1024


class _Batch:
    """Parcels that are published together. Until `done` is set, only the link's thread changes a batch."""

    def __init__(self, parcels: Sequence[Parcel]) -> None:
        self.parcels = parcels
        self.sent = 0
        self.settled = 0
        self.error: CryptoBoyError | None = None
        self.done = threading.Event()

    def finish(self, error: CryptoBoyError | None) -> None:
        """End the batch with this result, unless it has already ended."""
        if not self.done.is_set():
            self.error = error
            self.done.set()


class Publisher:
    """The publishing channel of a link, and the messages in flight on the channel.

    Attributes:
        confirmations: counts how many of the last sends were confirmed, and how many were not.
    """

    def __init__(self, link: Link, opened: Callable[[Any], None]) -> None:
        self._link = link
        self._opened = opened
        self.confirmations = Confirmations()
        self._connection: SelectConnection = None
        self._channel: Channel = None
        self._waiting: deque[_Batch] = deque()
        self._in_flight: dict[int, tuple[_Batch, Parcel]] = {}
        self._bytes_in_flight = 0
        self._last_number = 0

    def publish(self, parcels: Sequence[Parcel], timeout: float) -> None:
        """Publish parcels; returns when all are confirmed. Must not be called in the link's thread.

        Args:
            parcels: at least one parcel.
            timeout: seconds for all parcels, including the wait for a connection.

        Raises:
            TryLater, NeverWorks: as in `Broker.publish`.
        """
        deadline = time.monotonic() + timeout
        with self.confirmations.awaited():
            self._link.state.wait_ready(timeout)
            batch = _Batch(parcels)
            self._link.post(partial(self._accept, batch))
            if not batch.done.wait(max(0.0, deadline - time.monotonic())):
                self._link.post(partial(self._withdraw, batch))
                raise TryLater(self._why_late(timeout, batch))
            if batch.error is not None:
                raise batch.error

    def _why_late(self, timeout: float, batch: _Batch) -> str:
        blocked = self._link.state.blocked
        why = f"it takes no messages: {blocked}" if blocked is not None else "it is too slow or unreachable"
        confirmed = f"{batch.settled} of {len(batch.parcels)} messages"
        return f"{self._link.place} confirmed only {confirmed} within {timeout:.0f} s; {why}"

    # In the link's thread

    def open(self, connection: SelectConnection) -> None:
        """Open the channel on a new connection; calls `opened` with the connection when the channel is open."""
        self._connection = connection
        connection.add_on_connection_unblocked_callback(lambda _connection, _frame: self._pump())
        connection.channel(on_open_callback=partial(self._on_open, connection))

    def lost(self, error: CryptoBoyError) -> None:
        """Fail the batches in flight, because after a lost connection it is unknown whether they were stored."""
        self._connection = self._channel = None
        doomed = [batch for batch, _ in self._in_flight.values()]
        while self._waiting and (self._waiting[0].sent or self._link.state.closed):
            doomed.append(self._waiting.popleft())
        self._in_flight.clear()
        self._bytes_in_flight = 0
        for batch in doomed:
            batch.finish(TryLater(str(error)))

    def _on_open(self, connection: SelectConnection, channel: Channel) -> None:
        def of_this(callback: Callable[..., None]) -> Callable[..., None]:
            # A connection that is being closed goes on to answer, with the numbers of its own messages.
            return lambda *answer: callback(*answer) if connection is self._connection else None

        channel.add_on_close_callback(of_this(self._on_close))
        channel.add_on_return_callback(of_this(self._on_return))
        channel.confirm_delivery(
            of_this(self._on_answer), callback=of_this(lambda _frame: self._on_confirming(channel))
        )

    def _on_confirming(self, channel: Channel) -> None:
        self._last_number = 0
        self._channel = channel
        self._opened(self._connection)
        self._pump()

    def _on_close(self, _channel: Channel, reason: BaseException) -> None:
        if not self._link.current(self._connection):
            return  # the connection ended, or is being ended by us
        error = why_refused(reason, "publish", self._link.place)
        for batch, _ in self._in_flight.values():
            batch.finish(error)
        self._link.fail(error)

    def _accept(self, batch: _Batch) -> None:
        self._waiting.append(batch)
        self._pump()

    def _withdraw(self, batch: _Batch) -> None:
        if batch in self._waiting:
            self._waiting.remove(batch)

    def _pump(self) -> None:
        """Send waiting messages until a limit of the messages in flight is reached."""
        while self._waiting and self._channel is not None and self._has_room():
            self._send_next()

    def _send_next(self) -> None:
        batch = self._waiting[0]
        parcel = batch.parcels[batch.sent]
        batch.sent += 1
        if batch.sent == len(batch.parcels):
            self._waiting.popleft()
        self._last_number += 1
        self._in_flight[self._last_number] = (batch, parcel)
        self._bytes_in_flight += len(parcel.body)
        self._channel.basic_publish(
            parcel.exchange, parcel.routing_key, parcel.body, parcel.properties, mandatory=parcel.mandatory
        )

    def _has_room(self) -> bool:
        return (
            len(self._in_flight) < WINDOW_MESSAGES
            and self._bytes_in_flight < WINDOW_BYTES
            and self._link.state.blocked is None
        )

    def _on_return(
        self, _channel: Channel, method: spec.Basic.Return, properties: spec.BasicProperties, _body: bytes
    ) -> None:
        """Handle the return of a message that no queue accepts; its confirm follows.

        A return has no number, so the message is found by its exchange, routing key and id.
        """
        for batch, parcel in self._in_flight.values():
            if (
                parcel.routing_key == method.routing_key
                and parcel.exchange == method.exchange
                and parcel.properties.message_id == properties.message_id
            ):
                batch.error = NeverWorks(
                    f"no queue takes messages for {method.exchange} with the key {method.routing_key!r}: "
                    f"{method.reply_text}"
                )

    def _on_answer(self, frame: Method) -> None:
        method = frame.method
        refused = isinstance(method, spec.Basic.Nack)
        for number in self._numbers(method.delivery_tag, multiple=method.multiple):
            batch, parcel = self._in_flight.pop(number)
            self._bytes_in_flight -= len(parcel.body)
            if refused and batch.error is None:
                batch.error = TryLater(
                    f"{self._link.place} refused a message for {parcel.routing_key}: its queue is full, "
                    "or the server cannot store it now"
                )
            batch.settled += 1
            if batch.settled == len(batch.parcels):
                batch.finish(batch.error)
        self._pump()

    def _numbers(self, last: int, *, multiple: bool) -> list[int]:
        if not multiple:
            return [last] if last in self._in_flight else []
        numbers = []
        for number in self._in_flight:  # in the order sent
            if number > last:
                break
            numbers.append(number)
        return numbers
