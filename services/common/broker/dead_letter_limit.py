"""Stops the reading of a queue when nearly all of its last messages became dead letters.

A single message that can never be handled is its own fault. If nearly all are, the fault is rather in the consumer or
the producer, for example a producer of a later version. The other messages then stay in the queue until a person has
looked.
"""

from __future__ import annotations

import threading
from collections import deque

import structlog

from services.common.broker.port import TooManyDeadLetters
from services.common.runtime.health import DependencyHealth
from services.common.runtime.metrics import CONSUMING_STOPPED

log = structlog.get_logger(__name__)

OTHERS = 2
"""The limit is reached even if so many of the last messages were handled."""
PAUSE_SECONDS = 15.0


class DeadLetterLimit:
    """How the last messages of each queue of one broker connection were settled. Threads may share it.

    A stopped queue is not read again by this process; the next one counts from the beginning.

    Args:
        most: dead letters among the last `most` + 2 messages of a subscription after which no further message
            becomes one; 0: no limit.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()  # of what follows
        self._last: dict[str, deque[bool]] = {}
        self._stopped: dict[str, str] = {}

    def begin(self, queue: str) -> None:
        """A subscription begins; raises TooManyDeadLetters if the queue is not read any more."""
        with self._lock:
            self._raise_stopped(queue)
            self._last[queue] = deque(maxlen=self._most + OTHERS)
            CONSUMING_STOPPED.labels(queue).set(0)

    def settled(self, queue: str, count: int = 1, *, dead: bool) -> None:
        """So many messages were acknowledged or became dead letters."""
        with self._lock:
            self._last[queue].extend([dead] * min(count, self._most + OTHERS))

    def check(self, queue: str) -> None:
        """A message is about to become a dead letter; raises TooManyDeadLetters if it must not."""
        with self._lock:
            dead, messages = sum(self._last[queue]), len(self._last[queue])
            if self._most and dead >= self._most and queue not in self._stopped:
                self._stopped[queue] = (
                    f"{queue} is not read any more: {dead} of its last {messages} messages became dead letters "
                    "(DEAD_LETTER_LIMIT); the others stay in it. Look at the reasons (./cryptoboy queues dlq list), "
                    "correct the cause and start this service again."
                )
                CONSUMING_STOPPED.labels(queue).set(1)
                log.error("consuming_stopped", queue=queue, error=self._stopped[queue])
            self._raise_stopped(queue)

    def health(self) -> DependencyHealth:
        """Not ok while a queue is not read any more."""
        with self._lock:
            return DependencyHealth(ok=not self._stopped, detail=" ".join(self._stopped.values()))

    def _raise_stopped(self, queue: str) -> None:
        if queue in self._stopped:
            raise TooManyDeadLetters(self._stopped[queue], after=PAUSE_SECONDS)
