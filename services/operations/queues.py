"""What each queue holds, and how fast messages come and go."""

from __future__ import annotations

from dataclasses import dataclass

from services.common.broker.port import Broker
from services.common.settings.settings import BrokerKind, Settings
from services.operations.queue_rates import Rates, read_rates, watch_embedded


@dataclass(frozen=True, slots=True)
class QueueReport:
    """One queue. None where it is not known.

    Attributes:
        kind: classic or quorum.
        ready: messages that wait.
        unacknowledged: messages that were delivered and not settled.
        oldest_seconds: age of the oldest message; of RabbitMQ an estimate, see `queue_rates.oldest_age`.
    """

    name: str
    kind: str
    ready: int
    unacknowledged: int | None
    consumers: int
    oldest_seconds: float | None
    incoming_per_second: float | None
    outgoing_per_second: float | None


def read_queues(broker: Broker, settings: Settings) -> list[QueueReport]:
    """Every queue, retries and dead letters included; takes a second on the embedded broker, to count.

    Args:
        broker: started, and the one of the settings.
        settings: where RabbitMQ's management API is. Where that does not answer, rates are not known.

    Raises:
        TryLater, StopProgram: the broker cannot be asked.
    """
    states = broker.queues()
    if settings.broker is BrokerKind.RABBITMQ:
        rates = read_rates(settings)
    else:
        rates = watch_embedded(settings, [state.name for state in states])
    reports = []
    for state in states:
        rate = rates.get(state.name, Rates())
        reports.append(
            QueueReport(
                name=state.name,
                kind=state.kind,
                ready=state.ready,
                unacknowledged=rate.unacknowledged if state.unacknowledged is None else state.unacknowledged,
                consumers=state.consumers,
                oldest_seconds=rate.oldest_seconds if state.oldest_seconds is None else state.oldest_seconds,
                incoming_per_second=rate.incoming,
                outgoing_per_second=rate.outgoing,
            )
        )
    return reports
