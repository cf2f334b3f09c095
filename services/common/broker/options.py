"""Options of every broker that operators do not set; tests shorten the times."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from services.common.broker.topology import QUEUES, Queue, retry_delay


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOptions:
    """Times in seconds.

    Attributes:
        queues: those that the broker declares and fills; every process of an installation has the same ones.
        retry_delay: the wait before the next attempt, after so many failures (1 or more).
        heartbeat: RabbitMQ only; a connection without traffic for twice this long is closed.
        connect_timeout: RabbitMQ only; the longest time one attempt to connect may take.
        first_reconnect: RabbitMQ only; the pause after a loss, doubled up to `longest_reconnect`, jittered.
        poll: embedded only; the pause between two queries for messages of other processes.
        monotonic: embedded only; seconds on a clock that all processes of the machine share and that is never set.
    """

    queues: tuple[Queue, ...] = QUEUES
    retry_delay: Callable[[int], float] = retry_delay
    heartbeat: int = 60
    connect_timeout: float = 10.0
    first_reconnect: float = 0.5
    longest_reconnect: float = 15.0
    poll: float = 0.02
    monotonic: Callable[[], float] = time.monotonic
