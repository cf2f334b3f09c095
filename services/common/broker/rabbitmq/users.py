"""Defines the rights on a production RabbitMQ: a user for each service of the registry, and a user for a person.

No user may configure objects, because all objects come from the definitions. A right is a regular expression that
matches names; the empty expression ("^$") grants nothing. Pure.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from services.common.broker.topology import (
    DEAD_LETTER_EXCHANGE,
    EVENTS_EXCHANGE,
    QUEUES,
    RETRY_EXCHANGE,
)
from services.common.services import SERVICES, Service

NOTHING = "^$"
OURS = "cryptoboy"
"""Tag of each of these users. `deploy/rabbitmq/apply-definitions` deletes users with it that are no longer defined."""
SALT_BYTES = 4
"""Length of a salt: RabbitMQ uses the first 32 bits of a stored password hash as the salt."""


@dataclass(frozen=True, slots=True)
class BrokerUser:
    """A user and the fewest rights that it needs.

    Attributes:
        publishes: the exact routing keys with which the user may publish to `cryptoboy.events`.
        reads: the queues that the user may read.
        sets_aside: whether the user may publish to the exchanges for retries and for dead letters.
        tags: define what the management UI shows to the user; if empty, the user may not log in there.
    """

    name: str
    publishes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    sets_aside: bool = False
    tags: tuple[str, ...] = ()

    @property
    def write(self) -> str:
        """The pattern of the exchanges to which the user may publish."""
        exchanges = [EVENTS_EXCHANGE] if self.publishes else []
        if self.sets_aside:
            exchanges += [RETRY_EXCHANGE, DEAD_LETTER_EXCHANGE]
        return exactly(exchanges)

    @property
    def read(self) -> str:
        """The pattern of the queues from which the user may consume."""
        return exactly(self.reads)


def _user_of(service: Service) -> BrokerUser:
    return BrokerUser(
        service.name,
        publishes=service.publishes,
        reads=tuple(queue.name for queue in service.reads),
        sets_aside=any(queue.retried for queue in service.reads),
    )


_RETRIED = [queue for queue in QUEUES if queue.retried]
# For `queues`, `queues dlq` and RabbitMQ's page: sees everything, puts dead letters back into their own queue, changes
# nothing else.
OPERATOR = BrokerUser(
    "operator",
    publishes=tuple(queue.name for queue in _RETRIED),
    reads=tuple(queue.dead_letter_name for queue in _RETRIED),
    tags=("monitoring",),
)
# Shows queues, their rates and dead letters, and puts dead letters back, for whoever has a key. `management` shows it
# the virtual host of the pipeline alone, without users and without the connections of others.
API = replace(OPERATOR, name="api", tags=("management",))
# For what adds processors while news waits (KEDA): may ask how long a queue is, which takes no right of its own.
AUTOSCALER = BrokerUser("autoscaler")
_DEPLOYED = [each for each in SERVICES.values() if each.uses_broker and each.deployed_by]
BROKER_USERS = (
    *(API if each.name == API.name else _user_of(each) for each in _DEPLOYED),
    OPERATOR,
    AUTOSCALER,
)


def exactly(names: Iterable[str]) -> str:
    """A regular expression that matches exactly these names."""
    alternatives = "|".join(re.escape(name) for name in names)
    return f"^({alternatives})$" if alternatives else NOTHING


def password_hash(password: str, salt: bytes) -> str:
    """A password hash for the definitions: base64 of the salt followed by the SHA-256 of salt and password.

    Source: https://www.rabbitmq.com/docs/passwords#computing-password-hash. `salt` is 4 random bytes.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"the salt of a RabbitMQ password has {SALT_BYTES} bytes, not {len(salt)}")
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
