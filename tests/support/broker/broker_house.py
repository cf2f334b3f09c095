"""A place of its own for each test of a broker, the same for every kind of broker."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, field

import pika

from services.common.broker.embedded import statements as sql
from services.common.broker.embedded.broker import FILE_NAME
from services.common.broker.embedded.file import QueueFile
from services.common.broker.open import open_broker
from services.common.broker.options import BrokerOptions
from services.common.broker.port import Broker, Delivery, OutgoingMessage, QueueState, Subscription
from services.common.broker.topology import NEWS_ARTICLE
from services.common.clock import Clock, SystemClock
from services.common.errors import TryLater
from services.common.settings.settings import BrokerKind, Settings
from tests.support.waiting import eventually

PATIENCE_SECONDS = 30.0
SHORT_RETRY_SECONDS = 0.4


@dataclass
class BrokerHouse:
    """Opens brokers on the same queues, and closes them all at the end."""

    settings: Settings
    options: BrokerOptions
    clock: Clock = field(default_factory=SystemClock)
    _opened: list[Broker] = field(default_factory=list)

    def unstarted(self, **changes: object) -> Broker:
        """A broker that was not started; `changes` are settings that differ from the house's."""
        settings = self.settings.model_copy(update=changes)
        broker = open_broker(settings, self.clock, self.options)
        self._opened.append(broker)
        return broker

    def broker(self, **changes: object) -> Broker:
        """A started broker."""
        broker = self.unstarted(**changes)
        broker.start()
        return broker

    def put_straight(self, queue: str, body: bytes) -> None:
        """Put a bare body into a queue, as a foreign program would: no exchange, no headers, no id."""
        if self.settings.broker is BrokerKind.EMBEDDED:
            path = self.settings.state_dir / FILE_NAME
            with closing(QueueFile(path)) as file, file.writing(durable=True, timeout=5) as db:
                sql.insert(db, queue, [sql.NewRow(body, "", "{}", 0)], self.options.monotonic())
            return
        with closing(pika.BlockingConnection(plain_parameters(self.settings))) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            channel.basic_publish("", queue, body, mandatory=True)

    def close(self) -> None:
        """Close every broker."""
        for broker in self._opened:
            broker.close()


def plain_parameters(settings: Settings) -> pika.ConnectionParameters:
    """How a foreign program would connect to the same RabbitMQ."""
    return pika.ConnectionParameters(
        host=settings.rabbitmq_host,
        port=settings.rabbitmq_port,
        virtual_host=settings.rabbitmq_vhost,
        credentials=pika.PlainCredentials(settings.rabbitmq_user, settings.rabbitmq_pass.get_secret_value()),
    )


def news(number: int, body: bytes | None = None) -> OutgoingMessage:
    """A message for raw_news_data."""
    return OutgoingMessage(NEWS_ARTICLE, body or b'{"n": %d}' % number, f"news-{number}")


def receive_all(subscription: Subscription, count: int) -> list[Delivery]:
    """Receive until there are so many; fails after a while."""
    deliveries: list[Delivery] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(deliveries) < count:
        assert time.monotonic() < deadline, f"only {len(deliveries)} of {count} messages came"
        deliveries += subscription.receive(count - len(deliveries), 1.0)
    return deliveries


def receive_one(subscription: Subscription) -> Delivery:
    """Receive the next message; fails if none comes for a while."""
    return receive_all(subscription, 1)[0]


def publish_when_back(broker: Broker, number: int) -> None:
    """Publish a message as soon as the broker takes it again."""

    def published() -> bool:
        try:
            broker.publish([news(number)], timeout=5)
        except TryLater:
            return False
        return True

    eventually(published, "publishing works again")


def depth(broker: Broker, queue: str) -> int:
    """How many messages a queue holds that nobody has in hand."""
    return state_of(broker, queue).ready


def is_empty(broker: Broker, queue: str) -> bool:
    """Whether nothing is left in a queue, its retries and its dead letters."""
    states = [each for each in broker.queues() if each.name == queue or each.name.startswith(f"{queue}.")]
    return not any(each.ready or each.unacknowledged for each in states)


def state_of(broker: Broker, queue: str) -> QueueState:
    """The state of one queue."""
    return next(state for state in broker.queues() if state.name == queue)
