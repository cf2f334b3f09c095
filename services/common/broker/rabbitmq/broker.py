"""The broker port on RabbitMQ.

This module puts the parts together: the link (connection and thread), the publisher, the subscriptions, and
the steps that make sure of the topology on every new connection.
"""

from __future__ import annotations

import queue as handover
import threading
from collections.abc import Sequence
from functools import partial
from typing import Any

import pika

from services.common.broker.dead_letter_limit import DeadLetterLimit
from services.common.broker.envelope import check_outgoing
from services.common.broker.options import BrokerOptions
from services.common.broker.port import OutgoingMessage, QueueState, Subscription
from services.common.broker.rabbitmq.consumer import Consumer
from services.common.broker.rabbitmq.errors import Place, why_refused
from services.common.broker.rabbitmq.inbox import Inbox
from services.common.broker.rabbitmq.link import Link
from services.common.broker.rabbitmq.outgoing import parcel_of
from services.common.broker.rabbitmq.pika_types import PikaConnection
from services.common.broker.rabbitmq.publisher import Publisher
from services.common.broker.rabbitmq.steps import StepRunner, steps_to_check, steps_to_count, steps_to_declare
from services.common.broker.rabbitmq.subscription import RabbitMqSubscription
from services.common.broker.rabbitmq.topology import rabbitmq_topology
from services.common.clock import Clock
from services.common.errors import CryptoBoyError, TryLater
from services.common.runtime.health import DependencyHealth
from services.common.settings.settings import Settings
from services.common.tls import TlsFiles, client_context

ANSWER_SECONDS = 10.0
SET_UP_SECONDS = 20.0


class RabbitMqBroker:
    """See `port.Broker`."""

    def __init__(self, settings: Settings, clock: Clock, options: BrokerOptions | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._options = options or BrokerOptions()
        self._topology = rabbitmq_topology(settings.queue_max_length, self._options.queues)
        place = Place(
            settings.rabbitmq_host, settings.rabbitmq_port, settings.rabbitmq_vhost, settings.rabbitmq_user
        )
        parameters = connection_parameters(settings, self._options)
        self._link = Link(parameters, place, self._options, self._set_up, self._lost)
        self._publisher = Publisher(self._link, self._opened)
        self._dead_letter_limit = DeadLetterLimit(settings.dead_letter_limit)
        self._lock = threading.Lock()
        self._subscriptions: list[RabbitMqSubscription] = []
        # The link's thread only:
        self._consumers: list[Consumer] = []
        self._connection: PikaConnection = None

    def start(self) -> None:
        """See `port.Broker.start`."""
        self._link.connect(self._options.connect_timeout + SET_UP_SECONDS)

    def publish(self, messages: Sequence[OutgoingMessage], timeout: float = 30.0) -> None:
        """See `port.Broker.publish`."""
        check_outgoing(messages)
        now = int(self._clock.now().timestamp())
        if messages:
            parcels = (parcel_of(message, now) for message in messages)
            self._publisher.publish(parcels, len(messages), timeout)

    def subscribe(self, queue: str, prefetch: int) -> Subscription:
        """See `port.Broker.subscribe`."""
        self._link.state.wait_ready(ANSWER_SECONDS)
        inbox = Inbox()
        consumer = Consumer(self._link, inbox, queue, prefetch, self._options)
        subscription = RabbitMqSubscription(
            self._link,
            inbox,
            consumer,
            self._publisher,
            settings=self._settings,
            options=self._options,
            clock=self._clock,
            limit=self._dead_letter_limit,
        )
        self._link.post(partial(self._add, consumer))
        try:
            inbox.wait_consuming(ANSWER_SECONDS)
        except CryptoBoyError:
            subscription.close()
            raise
        with self._lock:
            self._subscriptions = [each for each in self._subscriptions if not each.closed]
            self._subscriptions.append(subscription)
        return subscription

    def queues(self) -> list[QueueState]:
        """See `port.Broker.queues`."""
        self._link.state.wait_ready(ANSWER_SECONDS)
        answers: handover.SimpleQueue[list[Any] | CryptoBoyError] = handover.SimpleQueue()
        self._link.post(partial(self._count, answers))
        try:
            answer = answers.get(timeout=ANSWER_SECONDS)
        except handover.Empty:
            raise TryLater(f"{self._link.place} did not answer within {ANSWER_SECONDS:.0f} s") from None
        if isinstance(answer, CryptoBoyError):
            raise TryLater(str(answer))
        return [
            QueueState(
                name=declared.name,
                kind=declared.kind.value,
                ready=frame.method.message_count,
                unacknowledged=None,
                consumers=frame.method.consumer_count,
            )
            for declared, frame in zip(self._topology.queues, answer, strict=True)
            if frame is not None
        ]

    def health(self) -> DependencyHealth:
        """See `port.Broker.health`."""
        link = self._link.state.health()
        if link.ok:
            for subscription in self._subscriptions:
                if subscription.problem is not None and not subscription.closed:
                    return DependencyHealth(ok=False, detail=str(subscription.problem))
            for health in (self._dead_letter_limit.health(), self._publisher.confirmations.health()):
                if not health.ok:
                    return health
        return link

    def close(self) -> None:
        """See `port.Broker.close`."""
        with self._lock:
            subscriptions, self._subscriptions = self._subscriptions, []
        for subscription in subscriptions:
            subscription.close()
        self._link.close()

    # In the link's thread

    def _set_up(self, connection: PikaConnection) -> None:
        steps = steps_to_declare if self._settings.rabbitmq_declare else steps_to_check

        def failed(doing: str, reason: BaseException) -> None:
            if self._link.current(connection):
                self._link.fail(why_refused(reason, doing, self._link.place))

        def done(_answers: list[Any]) -> None:
            self._publisher.open(connection)

        StepRunner(connection, steps(self._topology), done, failed).start()

    def _opened(self, connection: PikaConnection) -> None:
        self._connection = connection
        self._link.ready()
        for consumer in self._consumers:
            consumer.open(connection)

    def _lost(self, error: CryptoBoyError) -> None:
        self._connection = None
        self._publisher.lost(error)
        for consumer in self._consumers:
            consumer.lost(error)
        self._consumers = [each for each in self._consumers if not each.closed]

    def _add(self, consumer: Consumer) -> None:
        self._consumers = [each for each in self._consumers if not each.closed]
        self._consumers.append(consumer)
        if self._connection is not None:
            consumer.open(self._connection)

    def _count(self, answers: handover.SimpleQueue[list[Any] | CryptoBoyError]) -> None:
        connection = self._connection
        if not self._link.current(connection):
            answers.put(TryLater(f"{self._link.place}: the connection was lost"))
            return

        def failed(doing: str, reason: BaseException) -> None:
            answers.put(why_refused(reason, doing, self._link.place))

        StepRunner(connection, steps_to_count(self._topology), answers.put, failed).start()


def connection_parameters(settings: Settings, options: BrokerOptions) -> pika.ConnectionParameters:
    """Where and as whom to connect. Raises StopProgram: a file for TLS cannot be used."""
    tls = TlsFiles.of_rabbitmq(settings)
    return pika.ConnectionParameters(
        host=settings.rabbitmq_host,
        port=settings.rabbitmq_port,
        virtual_host=settings.rabbitmq_vhost,
        credentials=pika.PlainCredentials(
            settings.rabbitmq_user, settings.rabbitmq_pass.get_secret_value(), erase_on_connect=False
        ),
        heartbeat=options.heartbeat,
        socket_timeout=options.connect_timeout,
        stack_timeout=options.connect_timeout,
        client_properties={"connection_name": "cryptoboy"},
        ssl_options=pika.SSLOptions(client_context(tls), settings.rabbitmq_host) if tls else None,
    )
