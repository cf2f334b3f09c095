"""Keeps one connection to RabbitMQ open in a thread of its own.

A pika connection may be used by one thread only. The thread of this module does nothing but I/O, so heartbeats are
answered even if another thread takes long to handle a message. Other threads use `post` to
have functions called in this thread.

The same connection publishes and consumes. When RabbitMQ blocks a publisher for lack of memory or disk, RabbitMQ
also stops reading acknowledgements from this connection. This is acceptable, because a service that
cannot publish its results could not use more input.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pika
import structlog
from pika import SelectConnection
from pika.adapters.select_connection import IOLoop
from pika.frame import Method

from services.common.broker.options import BrokerOptions
from services.common.broker.rabbitmq.errors import Place, why_lost, why_not_open
from services.common.broker.rabbitmq.state import LinkState
from services.common.errors import CryptoBoyError, StopProgram, TryLater
from services.common.runtime.backoff import Backoff
from services.common.runtime.metrics import BROKER_RECONNECTS

log = structlog.get_logger(__name__)

CLOSE_SECONDS = 10.0


class Link:
    """Connects, and connects again after every lost connection, with a jittered back-off.

    Args:
        set_up: called in the link's thread with each new connection; must finally call `ready` or `fail`.
        lost: called in the link's thread with the reason when a connection was lost.
    """

    def __init__(
        self,
        parameters: pika.ConnectionParameters,
        place: Place,
        options: BrokerOptions,
        set_up: Callable[[Any], None],
        lost: Callable[[CryptoBoyError], None],
    ) -> None:
        self._parameters = parameters
        self.place = place
        self._set_up = set_up
        self._lost = lost
        self._loop = IOLoop()
        self._thread = threading.Thread(target=self._run, name="rabbitmq-io", daemon=True)
        self._connection: SelectConnection = None
        self._retry_timer: Any = None
        self._backoff = Backoff(options.first_reconnect, options.longest_reconnect)
        self.state = LinkState(str(place))

    # For other threads

    def connect(self, timeout: float) -> None:
        """Start to connect or, during a pause between attempts, retry at once; returns when the connection is ready.

        Raises:
            TryLater: this attempt failed or takes longer than `timeout`. Further attempts are made nevertheless.
            StopProgram: RabbitMQ permanently refuses the connection or a request of `set_up`.
        """
        self.state.wait_attempt(self._begin, timeout)

    def post(self, callback: Callable[[], None]) -> None:
        """Call a function soon in the link's thread; functions are called in the order in which they were posted."""
        self._loop.add_callback_threadsafe(callback)

    def close(self) -> None:
        """Run the posted functions, close the connection and end the thread."""
        if not self.state.set_closed():
            return
        if self._thread.ident is not None:
            self.post(self._shut)
            self._thread.join(CLOSE_SECONDS)
        if self._thread.is_alive():
            log.warning("broker_thread_does_not_end", broker=str(self.place))
        else:
            self._loop.close()

    def _begin(self) -> None:
        if self._thread.ident is None:
            self.post(self._open)
            self._thread.start()
        else:
            self.post(self._hurry)

    # In the link's thread

    def ready(self) -> None:
        """Mark the current connection as set up."""
        self._backoff.succeeded()
        again = self.state.set_ready()
        if again:
            BROKER_RECONNECTS.inc()
        log.info("broker_connected", broker=str(self.place), again=again)

    def fail(self, error: CryptoBoyError) -> None:
        """Drop the current connection because it cannot be used, and open another one after a pause."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._end_of_attempt(error)
            _close(connection)

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call a function in the link's thread after `seconds`, unless the connection has been replaced by then."""
        connection = self._connection

        def still_wanted() -> None:
            if self._connection is connection:
                callback()

        self._loop.call_later(seconds, still_wanted)

    def current(self, connection: SelectConnection) -> bool:
        """Whether this connection is the one in use and is open."""
        return connection is self._connection and connection is not None and bool(connection.is_open)

    def _run(self) -> None:
        while True:
            try:
                self._loop.start()
            except Exception:  # a fault in a library or in us must not silence the service for ever
                log.exception("broker_io_failed", broker=str(self.place))
                time.sleep(1)  # whatever it is, it must not become a busy loop
                self._recover()
            else:
                return

    def _recover(self) -> None:
        error = TryLater(f"{self.place}: the connection failed in an unforeseen way; the log has the trace")
        if self._connection is not None:
            self.fail(error)
        elif self._retry_timer is None:
            self._end_of_attempt(error)

    def _open(self) -> None:
        self._retry_timer = None
        if self.state.closed:
            self._loop.stop()
            return
        self._connection = SelectConnection(
            self._parameters,
            on_open_callback=self._on_open,
            on_open_error_callback=self._on_open_error,
            on_close_callback=self._on_close,
            custom_ioloop=self._loop,
        )

    def _on_open(self, connection: SelectConnection) -> None:
        if connection is not self._connection:
            _close(connection)
            return
        connection.add_on_connection_blocked_callback(self._on_blocked)
        connection.add_on_connection_unblocked_callback(self._on_unblocked)
        self._set_up(connection)

    def _on_open_error(self, connection: SelectConnection, error: BaseException) -> None:
        if connection is self._connection:
            self._connection = None
            self._end_of_attempt(why_not_open(error, self.place))

    def _on_close(self, connection: SelectConnection, error: BaseException) -> None:
        if connection is self._connection:
            self._connection = None
            self._end_of_attempt(why_lost(error, self.place))

    def _on_blocked(self, connection: SelectConnection, frame: Method) -> None:
        if connection is not self._connection:
            return  # one that is being closed: its end would not be reported
        self.state.blocked = str(frame.method.reason)
        log.warning("broker_blocks_publishing", broker=str(self.place), reason=self.state.blocked)

    def _on_unblocked(self, connection: SelectConnection, _frame: Method) -> None:
        if connection is not self._connection:
            return
        self.state.blocked = None
        log.info("broker_takes_messages_again", broker=str(self.place))

    def _end_of_attempt(self, error: CryptoBoyError) -> None:
        was_ready = self.state.set_lost(error)
        self._lost(error)
        if self.state.closed:
            self._loop.stop()
            return
        pause = self._backoff.failed()
        level = log.error if isinstance(error, StopProgram) else log.warning
        level(
            "broker_lost" if was_ready else "broker_away", error=str(error), retry_in_seconds=round(pause, 1)
        )
        self._retry_timer = self._loop.call_later(pause, self._open)

    def _hurry(self) -> None:
        if self._retry_timer is not None:
            self._loop.remove_timeout(self._retry_timer)
            self._open()

    def _shut(self) -> None:
        if self._connection is None:
            self._loop.stop()
            return
        self._loop.call_later(CLOSE_SECONDS / 2, self._loop.stop)  # the server may not answer
        _close(self._connection)


def _close(connection: SelectConnection) -> None:
    if not (connection.is_closing or connection.is_closed):
        connection.close()
