"""Publishes signals; those of several articles leave together, which costs hardly more than those of one."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from services.common.broker.port import Broker, OutgoingMessage
from services.common.broker.topology import SENTIMENT_SIGNAL
from services.common.errors import NeverWorks, TryLater
from services.common.messages import SentimentSignal
from services.common.runtime.runner import FIRST_PAUSE_SECONDS, count_error, start_with_backoff
from services.common.runtime.tracing import trace_headers
from services.common.runtime.work import WorkInHand
from services.sentiment_analyzer.pipeline.intake import NAME, Intake
from services.sentiment_analyzer.pipeline.signals import signal_id

log = structlog.get_logger(__name__)

CONFIRM_SECONDS = 10.0
HOLD_SECONDS = 300.0
"""Articles stay unsettled so long while the broker takes no signals; RabbitMQ closes the channel of who holds them for
its `consumer_timeout`."""
SIGNALS_AT_ONCE = 50
"""Published together; few enough to find room in a queue that is nearly full."""
GATHER_SECONDS = 0.01
"""How long further signals are waited for under load."""


@dataclass(slots=True)
class _Request:
    messages: list[OutgoingMessage]
    is_confirmed: bool | None = None
    refusal: NeverWorks | None = None


class SignalPublisher:
    """Publishes for several worker threads: one of them at a time publishes what all have put in since.

    Args:
        broker: takes the signals.
        work: where calls are noted for the watchdog.
    """

    def __init__(self, broker: Broker, work: WorkInHand) -> None:
        self._broker = broker
        self._work = work
        self._publishing = threading.Lock()
        self._lock = threading.Lock()  # of what waits to be published
        self._requests: list[_Request] = []
        self._is_under_load = False

    @property
    def is_idle(self) -> bool:
        """Whether the broker is well and no signal waits."""
        return not self._requests and not self._publishing.locked() and self._broker.health().ok

    def publish(self, signals: Sequence[SentimentSignal], intake: Intake) -> bool:
        """Publish signals and wait until the broker has confirmed them, however long it is away.

        Args:
            signals: what to publish.
            intake: where their articles came from; they are given back when this waits for long.

        Returns:
            Whether all were confirmed. If not, the service stops.

        Raises:
            NeverWorks: the broker refuses them, or others that it got with them.
        """
        if not signals:
            return True
        request = _Request(
            [
                OutgoingMessage(
                    SENTIMENT_SIGNAL, each.encode(), signal_id(each), trace_headers(each.article_id)
                )
                for each in signals
            ]
        )
        with self._lock:
            self._requests.append(request)
        with self._publishing:
            if request.is_confirmed is None:
                self._publish_all(intake)
        if request.refusal is not None:
            raise request.refusal
        return bool(request.is_confirmed)

    def _publish_all(self, intake: Intake) -> None:
        if self._is_under_load:
            time.sleep(GATHER_SECONDS)
        with self._lock:
            requests, self._requests = self._requests, []
        self._is_under_load = len(requests) > 1
        messages = [message for request in requests for message in request.messages]
        is_confirmed, refusal = False, None
        try:
            is_confirmed = self._publish_confirmed(messages, intake)
        except NeverWorks as error:
            count_error(NAME, error)
            log.error("signals_refused", error=str(error))  # noqa: TRY400 - the reason is in the message
            refusal = error
        finally:
            for request in requests:
                request.is_confirmed, request.refusal = is_confirmed, refusal

    def _publish_confirmed(self, messages: Sequence[OutgoingMessage], intake: Intake) -> bool:
        """Publish until all is confirmed; False if the service stops before. Tries once even then."""
        hold_until = time.monotonic() + HOLD_SECONDS
        for start in range(0, len(messages), SIGNALS_AT_ONCE):
            send = partial(self._send, messages[start : start + SIGNALS_AT_ONCE], intake, hold_until)
            try:
                send()
            except TryLater as error:
                count_error(NAME, error)
                log.warning("signals_waiting", error=str(error), signals=len(messages) - start)
                intake.stop.wait(error.after or FIRST_PAUSE_SECONDS)
                if not start_with_backoff(send, intake.stop, NAME):
                    return False
        return True

    def _send(self, messages: Sequence[OutgoingMessage], intake: Intake, hold_until: float) -> None:
        try:
            with self._work.doing("publishing signals", CONFIRM_SECONDS):
                self._broker.publish(messages, CONFIRM_SECONDS)
        except TryLater:
            if time.monotonic() >= hold_until:
                intake.give_back()
            raise
