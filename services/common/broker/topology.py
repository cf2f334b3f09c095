"""Declares the queues and exchanges in one place. Every adapter and RabbitMQ's definitions use this module."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

EVENTS_EXCHANGE = "cryptoboy.events"
RETRY_EXCHANGE = "cryptoboy.retry"
DEAD_LETTER_EXCHANGE = "cryptoboy.dlx"

MARKET_CANDLE = "market.candle"
NEWS_ARTICLE = "news.article"
NEWS_SCORED = "news.scored"
SENTIMENT_SIGNAL = "sentiment.signal"

# Headers of our own. The attempt count is ours because a broker's also counts lost connections.
HEADER_SCHEMA = "x-cryptoboy-schema"
HEADER_ATTEMPTS = "x-cryptoboy-attempts"
HEADER_QUEUE = "x-cryptoboy-queue"  # of a dead letter: the queue that it came from
HEADER_REASON = "x-cryptoboy-reason"
HEADER_FIRST_ERROR = "x-cryptoboy-first-error"
HEADER_LAST_ERROR = "x-cryptoboy-last-error"

DELIVERY_LIMIT = 20
"""Number of deliveries after which a quorum queue dead-letters a message, in case the message kills its consumers."""

MARKET_TTL_SECONDS = 6 * 3600
FIRST_RETRY_SECONDS = 5.0
LONGEST_RETRY_SECONDS = 300.0


class QueueKind(StrEnum):
    """The RabbitMQ queue types that this project uses."""

    CLASSIC = "classic"
    QUORUM = "quorum"


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable queue and its bindings.

    Attributes:
        routing_keys: the queue receives its own copy of each message of `cryptoboy.events` with one of these keys.
        retried: if true, the queue has a `.retry` and a `.dlq` queue, and refuses messages when it is full; if false,
            it drops its oldest messages when it is full.
        ttl_seconds: the age at which a message is dropped; None means never. Only for a queue that is not retried.
    """

    name: str
    routing_keys: tuple[str, ...]
    kind: QueueKind
    retried: bool
    ttl_seconds: int | None = None

    @property
    def binding_keys(self) -> tuple[str, ...]:
        """The queue's routing keys and its name; a message whose routing key is the name reaches only this queue."""
        return (*self.routing_keys, self.name)

    @property
    def retry_name(self) -> str:
        """The name of the queue in which a message waits for its next attempt."""
        return f"{self.name}.retry"

    @property
    def dead_letter_name(self) -> str:
        """The name of the queue that receives messages that cannot be handled."""
        return f"{self.name}.dlq"

    @property
    def names(self) -> tuple[str, ...]:
        """The name of the queue, and the names of its `.retry` and `.dlq` queues if it has them."""
        return (self.name, self.retry_name, self.dead_letter_name) if self.retried else (self.name,)


RAW_MARKET_DATA = Queue(
    "raw_market_data", (MARKET_CANDLE,), QueueKind.CLASSIC, retried=False, ttl_seconds=MARKET_TTL_SECONDS
)
RAW_NEWS_DATA = Queue("raw_news_data", (NEWS_ARTICLE,), QueueKind.QUORUM, retried=True)
SENTIMENT_SIGNALS = Queue("sentiment_signals_queue", (SENTIMENT_SIGNAL,), QueueKind.QUORUM, retried=True)

HISTORY = Queue("history_queue", (NEWS_ARTICLE, NEWS_SCORED, MARKET_CANDLE), QueueKind.QUORUM, retried=False)
"""What happens, for the history. It never refuses a message, so a recorder that is off holds up no publisher."""

QUEUES = (RAW_MARKET_DATA, RAW_NEWS_DATA, SENTIMENT_SIGNALS, HISTORY)


def retry_delay(attempts: int) -> float:
    """Seconds to wait before the next attempt, after `attempts` failures (1 or more): 5, 10, 20 ... 300."""
    return min(FIRST_RETRY_SECONDS * 2.0 ** (attempts - 1), LONGEST_RETRY_SECONDS)
