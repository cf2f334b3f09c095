"""Stops the reading of a queue when nearly all of its last messages became dead letters.

If a single message can never be handled, the message is at fault. If nearly all messages cannot be handled, the fault
is probably in the consumer or the producer, for example a producer of a later version. The remaining messages then
stay in the queue until a person has found the cause.
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
"""How many of the last `most` + 2 messages may have been acknowledged when the limit is reached."""
PAUSE_SECONDS = 15.0


class DeadLetterLimit:
    """Records, for each queue of one broker connection, how its last messages were settled.

    Several threads may share an instance.

    This process does not read a stopped queue again; a new process starts to count from zero.

    Args:
        most: if this number of the last `most` + 2 messages of a subscription became dead letters, no further
            message of the subscription becomes a dead letter; 0 means no limit.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()  # of what follows
        self._last: dict[str, deque[bool]] = {}
        self._stopped: dict[str, str] = {}

    def begin(self, queue: str) -> None:
        """Start counting for a new subscription; raises TooManyDeadLetters if reading of the queue was stopped."""
        with self._lock:
            self._raise_stopped(queue)
            self._last[queue] = deque(maxlen=self._most + OTHERS)
            CONSUMING_STOPPED.labels(queue).set(0)

    def settled(self, queue: str, count: int = 1, *, dead: bool) -> None:
        """Record that `count` messages were acknowledged or, if `dead`, became dead letters."""
        with self._lock:
            self._last[queue].extend([dead] * min(count, self._most + OTHERS))

    def check(self, queue: str) -> None:
        """Raises TooManyDeadLetters if the next message of the queue must not become a dead letter."""
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
        """Report not ok while the reading of any queue is stopped."""
        with self._lock:
            return DependencyHealth(ok=not self._stopped, detail=" ".join(self._stopped.values()))

    def _raise_stopped(self, queue: str) -> None:
        if queue in self._stopped:
            raise TooManyDeadLetters(self._stopped[queue], after=PAUSE_SECONDS)
