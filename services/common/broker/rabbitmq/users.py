"""Who may do what on a production RabbitMQ: a user for each service, and one for a person.

No user may configure anything: everything comes from the definitions. A right is a regular expression of names; an
empty one ("^$") grants nothing. Pure.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from services.common.broker.topology import (
    DEAD_LETTER_EXCHANGE,
    EVENTS_EXCHANGE,
    MARKET_CANDLE,
    NEWS_ARTICLE,
    RAW_NEWS_DATA,
    RETRY_EXCHANGE,
    SENTIMENT_SIGNAL,
    SENTIMENT_SIGNALS,
)

NOTHING = "^$"
SALT_BYTES = 4
"""RabbitMQ takes the first 32 bits of a hash for its salt."""


@dataclass(frozen=True, slots=True)
class BrokerUser:
    """A user and the least that it needs.

    Attributes:
        publishes: routing keys of `cryptoboy.events`, exactly.
        reads: queues.
        sets_aside: whether it hands what it could not handle to the retries and dead letters.
        tags: what the management UI lets it see; empty: it may not log in there.
    """

    name: str
    publishes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    sets_aside: bool = False
    tags: tuple[str, ...] = ()

    @property
    def write(self) -> str:
        """The exchanges that it may publish to."""
        exchanges = [EVENTS_EXCHANGE] if self.publishes else []
        if self.sets_aside:
            exchanges += [RETRY_EXCHANGE, DEAD_LETTER_EXCHANGE]
        return exactly(exchanges)

    @property
    def read(self) -> str:
        """The queues that it may consume from."""
        return exactly(self.reads)


NEWS_POLLER = BrokerUser("news_poller", publishes=(NEWS_ARTICLE,))
MARKET_STREAMER = BrokerUser("market_streamer", publishes=(MARKET_CANDLE,))
SENTIMENT_PROCESSOR = BrokerUser(
    "sentiment_processor", publishes=(SENTIMENT_SIGNAL,), reads=(RAW_NEWS_DATA.name,), sets_aside=True
)
SIGNAL_CACHER = BrokerUser("signal_cacher", reads=(SENTIMENT_SIGNALS.name,), sets_aside=True)
# For `queues`, `queues dlq` and RabbitMQ's page: sees everything, moves dead letters, changes nothing else.
OPERATOR = BrokerUser(
    "operator",
    publishes=(NEWS_ARTICLE, SENTIMENT_SIGNAL),
    reads=(RAW_NEWS_DATA.dead_letter_name, SENTIMENT_SIGNALS.dead_letter_name),
    tags=("monitoring",),
)
# For what adds processors while news waits (KEDA): may ask how long a queue is, which takes no right of its own.
AUTOSCALER = BrokerUser("autoscaler")
BROKER_USERS = (NEWS_POLLER, MARKET_STREAMER, SENTIMENT_PROCESSOR, SIGNAL_CACHER, OPERATOR, AUTOSCALER)


def exactly(names: Iterable[str]) -> str:
    """A regular expression that matches these names and no other."""
    alternatives = "|".join(re.escape(name) for name in names)
    return f"^({alternatives})$" if alternatives else NOTHING


def password_hash(password: str, salt: bytes) -> str:
    """A password as definitions carry it: salt, then SHA-256 of salt and password, in base64.

    Source: https://www.rabbitmq.com/docs/passwords#computing-password-hash. `salt` is 4 random bytes.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"the salt of a RabbitMQ password has {SALT_BYTES} bytes, not {len(salt)}")
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
