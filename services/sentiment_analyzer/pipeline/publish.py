"""Publishes the signals of articles, and waits while the broker does not accept them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

import structlog

from services.common.broker.port import Broker, OutgoingMessage
from services.common.broker.topology import SENTIMENT_SIGNAL
from services.common.errors import NeverWorks, TryLater
from services.common.messages import SentimentSignal
from services.common.runtime.runner import FIRST_PAUSE_SECONDS, count_error, start_with_backoff
from services.common.runtime.tracing import trace_headers
from services.sentiment_analyzer.pipeline.intake import NAME, Intake
from services.sentiment_analyzer.pipeline.signals import signal_id

log = structlog.get_logger(__name__)

CONFIRM_SECONDS = 10.0
HOLD_SECONDS = 300.0
"""The time in seconds for which articles stay unsettled while the broker accepts no signals. RabbitMQ closes the
channel of a consumer that keeps deliveries unsettled for longer than its `consumer_timeout`."""
SIGNALS_AT_ONCE = 50
"""The number of signals that are published together, which is small enough for a queue that is nearly full."""


def publish_signals(broker: Broker, signals: Sequence[SentimentSignal], intake: Intake) -> bool:
    """Publish signals, and wait until the broker has confirmed them, however long the broker is unavailable.

    Args:
        broker: the broker that receives the signals.
        signals: the signals to publish.
        intake: the intake of the signals' articles. These articles are given back to the queue if publishing takes
            longer than `HOLD_SECONDS`.

    Returns:
        Whether the broker has confirmed all signals. If not, the service is stopping; even then, publishing was tried
        once.

    Raises:
        NeverWorks: the broker refuses the signals.
    """
    hold_until = time.monotonic() + HOLD_SECONDS
    messages = [
        OutgoingMessage(SENTIMENT_SIGNAL, each.encode(), signal_id(each), trace_headers(each.article_id))
        for each in signals
    ]
    for start in range(0, len(messages), SIGNALS_AT_ONCE):
        send = partial(_send, broker, messages[start : start + SIGNALS_AT_ONCE], intake, hold_until)
        try:
            send()
        except TryLater as error:
            count_error(NAME, error)
            log.warning("signals_waiting", error=str(error), signals=len(messages) - start)
            intake.stop.wait(error.after or FIRST_PAUSE_SECONDS)
            if not start_with_backoff(send, intake.stop, NAME):
                return False
    return True


def _send(broker: Broker, messages: Sequence[OutgoingMessage], intake: Intake, hold_until: float) -> None:
    try:
        with intake.work.doing("publishing signals", CONFIRM_SECONDS):
            broker.publish(messages, CONFIRM_SECONDS)
    except NeverWorks as error:
        count_error(NAME, error)
        log.error("signals_refused", error=str(error))  # noqa: TRY400 - the reason is in the message
        raise
    except TryLater:
        if time.monotonic() >= hold_until:
            intake.give_back()
        raise
