"""Options of the brokers that operators do not set. Tests use them to shorten waiting times."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from services.common.broker.topology import QUEUES, Queue, retry_delay


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOptions:
    """Options of a broker; all times are in seconds.

    Attributes:
        queues: the queues that the broker declares and fills; they are the same in every process of an installation.
        retry_delay: the function that gives the wait before the next attempt after a number of failures (1 or more).
        heartbeat: RabbitMQ only; a connection without traffic for twice this time is closed.
        connect_timeout: RabbitMQ only; the longest time that one attempt to connect may take.
        first_reconnect: RabbitMQ only; the first pause after a lost connection. The pause is doubled up to
            `longest_reconnect`, and jittered.
        poll: embedded only; the pause between two queries for messages of other processes.
        monotonic: embedded only; returns the seconds of a clock that all processes of the machine share and that
            nobody can set.
    """

    queues: tuple[Queue, ...] = QUEUES
    retry_delay: Callable[[int], float] = retry_delay
    heartbeat: int = 60
    connect_timeout: float = 10.0
    first_reconnect: float = 0.5
    longest_reconnect: float = 15.0
    poll: float = 0.02
    monotonic: Callable[[], float] = time.monotonic
