"""The length of each queue, and its rates."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from services.common.broker.port import Broker, QueueState
from services.common.settings.settings import BrokerKind, Settings
from services.operations.queues.rates import Rates, read_rates, watch_embedded


@dataclass(frozen=True, slots=True)
class QueueReport(QueueState):
    """The state of one queue. A field is None if its value is unknown.

    RabbitMQ's `oldest_seconds` is an estimate: see `oldest_age`.
    """

    incoming_per_second: float | None = None
    outgoing_per_second: float | None = None


def read_queues(broker: Broker, settings: Settings) -> list[QueueReport]:
    """The state of every queue, retries and dead letters included; on the embedded broker this takes a second.

    Args:
        broker: the started broker of the settings.
        settings: the settings, which include RabbitMQ's management API. If the API does not answer, the rates are
            None.

    Raises:
        TryLater, StopProgram: the broker cannot be asked.
    """
    states = broker.queues()
    if settings.broker is BrokerKind.RABBITMQ:
        rates = read_rates(settings)
    else:
        rates = watch_embedded(settings, [state.name for state in states])
    return [_report(state, rates.get(state.name, Rates())) for state in states]


def _report(state: QueueState, rates: Rates) -> QueueReport:
    """Make a report, in which values that the broker itself reports take precedence over estimates."""
    known = {name: value for name, value in asdict(state).items() if value is not None}
    return QueueReport(**{**asdict(rates), **known})
