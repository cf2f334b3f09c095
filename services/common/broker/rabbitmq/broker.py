"""Implements the broker port on RabbitMQ.

This module combines the link (connection and thread), the publisher, the subscriptions, and the requests that
declare or check the topology on every new connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

import pika
from pika import SelectConnection

from services.common.broker.dead_letter_limit import DeadLetterLimit
from services.common.broker.envelope import check_outgoing
from services.common.broker.failures import Shared
from services.common.broker.options import BrokerOptions
from services.common.broker.port import OutgoingMessage, QueueState, Subscription
from services.common.broker.rabbitmq.errors import Place, why_refused
from services.common.broker.rabbitmq.link import Link
from services.common.broker.rabbitmq.messages import parcel_of
from services.common.broker.rabbitmq.publisher import Publisher
from services.common.broker.rabbitmq.steps import StepRunner, steps_to_check, steps_to_count, steps_to_declare
from services.common.broker.rabbitmq.subscription import RabbitMqSubscription
from services.common.broker.rabbitmq.topology import rabbitmq_topology
from services.common.clock import Clock
from services.common.errors import CryptoBoyError, TryLater
from services.common.runtime.health import DependencyHealth
from services.common.settings.settings import Settings
from services.common.tls import TlsFiles, client_context

Answer = TypeVar("Answer")

ANSWER_SECONDS = 10.0
SET_UP_SECONDS = 20.0


class RabbitMqBroker:
    """See `port.Broker`."""

    def __init__(self, settings: Settings, clock: Clock, options: BrokerOptions | None = None) -> None:
        limit = DeadLetterLimit(settings.dead_letter_limit)
        self._shared = Shared(settings, options or BrokerOptions(), clock, limit)
        self._topology = rabbitmq_topology(settings.queue_max_length, self._shared.options.queues)
        place = Place(
            settings.rabbitmq_host, settings.rabbitmq_port, settings.rabbitmq_vhost, settings.rabbitmq_user
        )
        parameters = connection_parameters(settings, self._shared.options)
        self._link = Link(parameters, place, self._shared.options, self._set_up, self._lost)
        self._publisher = Publisher(self._link, self._opened)
        # Only the link's thread changes these:
        self._subscriptions: list[RabbitMqSubscription] = []
        self._connection: SelectConnection = None

    def start(self) -> None:
        """See `port.Broker.start`."""
        self._link.connect(self._shared.options.connect_timeout + SET_UP_SECONDS)

    def publish(self, messages: Sequence[OutgoingMessage], timeout: float = 30.0) -> None:
        """See `port.Broker.publish`."""
        check_outgoing(messages)
        now = self._shared.timestamp()
        if messages:
            self._publisher.publish([parcel_of(message, now) for message in messages], timeout)

    def subscribe(self, queue: str, prefetch: int) -> Subscription:
        """See `port.Broker.subscribe`."""
        self._link.state.wait_ready(ANSWER_SECONDS)
        subscription = RabbitMqSubscription(self._link, self._publisher, queue, prefetch, self._shared)
        self._link.post(partial(self._add, subscription))
        try:
            self._answer(subscription.consuming)
        except CryptoBoyError:
            subscription.close()
            raise
        return subscription

    def queues(self) -> list[QueueState]:
        """See `port.Broker.queues`."""
        self._link.state.wait_ready(ANSWER_SECONDS)
        frames: Future[list[Any]] = Future()
        self._link.post(partial(self._count, frames))
        found = self._answer(frames)
        return [
            QueueState(
                name=declared.name,
                kind=declared.kind.value,
                ready=frame.method.message_count,
                unacknowledged=None,
                consumers=frame.method.consumer_count,
            )
            for declared, frame in zip(self._topology.queues, found, strict=True)
            if frame is not None
        ]

    def health(self) -> DependencyHealth:
        """See `port.Broker.health`."""
        link = self._link.state.health()
        if link.ok:
            for subscription in self._subscriptions:
                if subscription.problem is not None and not subscription.closed:
                    return DependencyHealth(ok=False, detail=str(subscription.problem))
            for health in (self._shared.limit.health(), self._publisher.confirmations.health()):
                if not health.ok:
                    return health
        return link

    def close(self) -> None:
        """See `port.Broker.close`."""
        for subscription in self._subscriptions:
            subscription.close()
        self._link.close()

    def _answer(self, future: Future[Answer]) -> Answer:
        try:
            return future.result(ANSWER_SECONDS)
        except TimeoutError:
            raise TryLater(f"{self._link.place} did not answer within {ANSWER_SECONDS:.0f} s") from None

    # In the link's thread

    def _set_up(self, connection: SelectConnection) -> None:
        steps = steps_to_declare if self._shared.settings.rabbitmq_declare else steps_to_check

        def failed(doing: str, reason: BaseException) -> None:
            if self._link.current(connection):
                self._link.fail(why_refused(reason, doing, self._link.place))

        def done(_answers: list[Any]) -> None:
            self._publisher.open(connection)

        StepRunner(connection, steps(self._topology), done, failed).start()

    def _opened(self, connection: SelectConnection) -> None:
        self._connection = connection
        self._link.ready()
        for subscription in self._subscriptions:
            subscription.open(connection)

    def _lost(self, error: CryptoBoyError) -> None:
        self._connection = None
        self._publisher.lost(error)
        for subscription in self._subscriptions:
            subscription.lost(error)

    def _add(self, subscription: RabbitMqSubscription) -> None:
        self._subscriptions = [*(each for each in self._subscriptions if not each.closed), subscription]
        if self._connection is not None:
            subscription.open(self._connection)

    def _count(self, frames: Future[list[Any]]) -> None:
        if not self._link.current(self._connection):
            frames.set_exception(TryLater(f"{self._link.place}: the connection was lost"))
            return

        def failed(doing: str, reason: BaseException) -> None:
            frames.set_exception(TryLater(str(why_refused(reason, doing, self._link.place))))

        StepRunner(self._connection, steps_to_count(self._topology), frames.set_result, failed).start()


def connection_parameters(settings: Settings, options: BrokerOptions) -> pika.ConnectionParameters:
    """The address, user and TLS options of the connection. Raises StopProgram if a TLS file cannot be used."""
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
