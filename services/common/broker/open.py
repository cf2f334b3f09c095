"""Chooses the broker that the settings name."""

from __future__ import annotations

from services.common.broker.options import BrokerOptions
from services.common.broker.port import Broker
from services.common.clock import Clock
from services.common.settings.settings import BrokerKind, Settings


def open_broker(settings: Settings, clock: Clock, options: BrokerOptions | None = None) -> Broker:
    """Create a broker that is not connected yet; the caller calls `start`, and `close` at the end.

    Raises:
        StopProgram: a TLS file that the settings name cannot be used.
    """
    if settings.broker is BrokerKind.EMBEDDED:
        from services.common.broker.embedded.broker import EmbeddedBroker

        return EmbeddedBroker(settings, clock, options)
    from services.common.broker.rabbitmq.broker import RabbitMqBroker

    return RabbitMqBroker(settings, clock, options)
