"""A broker in memory, of which the tests of the news poller need the publishing side."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from services.common.broker.port import OutgoingMessage, QueueState, Subscription
from services.common.errors import NeverWorks, TryLater
from services.common.messages import NewsArticle, decode
from services.common.runtime.health import DependencyHealth


class MemoryBroker:
    """Keeps what is published. `refuse` is asked about each message and may raise what a broker raises."""

    def __init__(self) -> None:
        self.stored: list[OutgoingMessage] = []
        self.refuse: Callable[[OutgoingMessage], None] = accept
        self.attempts = 0
        self._lock = threading.Lock()

    @property
    def articles(self) -> list[NewsArticle]:
        """What is stored, read as a consumer reads it."""
        with self._lock:
            return [decode(message.body, NewsArticle) for message in self.stored]

    @property
    def titles(self) -> list[str]:
        """The titles of what is stored."""
        return [article.title for article in self.articles]

    def start(self) -> None:
        """Connected already."""

    def publish(self, messages: Sequence[OutgoingMessage], timeout: float = 30.0) -> None:
        """Store all of the messages, or those before the first that is refused."""
        del timeout  # it answers at once
        with self._lock:
            self.attempts += 1
            for message in messages:
                self.refuse(message)
                self.stored.append(message)

    def subscribe(self, queue: str, prefetch: int) -> Subscription:
        """Nobody consumes here."""
        raise TryLater(f"this broker only takes messages; {queue} with {prefetch} cannot be read")

    def queues(self) -> list[QueueState]:
        """None."""
        return []

    def health(self) -> DependencyHealth:
        """Always well."""
        return DependencyHealth(ok=True)

    def close(self) -> None:
        """Nothing to close."""


def accept(message: OutgoingMessage) -> None:
    """What a broker says that is well: nothing."""


def away(message: OutgoingMessage) -> None:
    """What a broker that is away says."""
    raise TryLater("the broker is away")


def no_route(message: OutgoingMessage) -> None:
    """What a broker says that has no queue for any message."""
    raise NeverWorks("no queue takes it")
