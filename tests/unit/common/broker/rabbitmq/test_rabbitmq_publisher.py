from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pika import spec

from services.common.broker.rabbitmq.errors import Place
from services.common.broker.rabbitmq.link import Link
from services.common.broker.rabbitmq.messages import Parcel
from services.common.broker.rabbitmq.publisher import Publisher
from services.common.broker.rabbitmq.state import LinkState
from services.common.errors import CryptoBoyError, TryLater


class Channel:
    """A channel whose broker answers when the test says so."""

    end: Callable[[], None]
    confirm: Callable[[int], None]

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def add_on_close_callback(self, callback: Callable[..., None]) -> None:
        self.end = lambda: callback(self, ConnectionError("closed"))

    def add_on_return_callback(self, _callback: Callable[..., None]) -> None:
        pass

    def confirm_delivery(self, on_answer: Callable[..., None], callback: Callable[..., None]) -> None:
        self.confirm = lambda number: on_answer(SimpleNamespace(method=spec.Basic.Ack(delivery_tag=number)))
        callback(SimpleNamespace())

    def basic_publish(
        self, _exchange: str, _key: str, body: bytes, _properties: object, *, mandatory: bool
    ) -> None:
        assert mandatory
        self.sent.append(body)


class Connection:
    """A connection with one channel, that is open at once."""

    def __init__(self) -> None:
        self.only = Channel()

    def add_on_connection_unblocked_callback(self, _callback: Callable[..., None]) -> None:
        pass

    def channel(self, on_open_callback: Callable[[Channel], None]) -> None:
        on_open_callback(self.only)


class OneThreadLink:
    """A link that runs what is posted in the thread that posts it."""

    place = Place("broker", 5672, "/", "somebody")

    def __init__(self) -> None:
        self.state = LinkState(str(self.place))
        self.state.set_ready()
        self.failed: list[CryptoBoyError] = []
        self.in_use: object = None

    def post(self, callback: Callable[[], None]) -> None:
        callback()

    def current(self, connection: object) -> bool:
        return connection is not None and connection is self.in_use

    def fail(self, error: CryptoBoyError) -> None:
        self.failed.append(error)


@pytest.fixture
def link() -> OneThreadLink:
    return OneThreadLink()


@pytest.fixture
def publisher(link: OneThreadLink) -> Publisher:
    return Publisher(cast("Link", link), lambda _connection: None)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def connect(link: OneThreadLink, publisher: Publisher) -> Channel:
    connection = Connection()
    link.in_use = connection
    publisher.open(connection)
    return connection.only


def publish(publisher: Publisher, body: bytes) -> None:
    parcel = Parcel("events", "key", body, spec.BasicProperties(message_id="one"))
    publisher.publish([parcel], timeout=30)


def begun(threads: ThreadPoolExecutor, publisher: Publisher, channel: Channel, body: bytes) -> Future[Any]:
    future = threads.submit(publish, publisher, body)
    while body not in channel.sent:
        assert not future.done()
    return future


def test_a_late_confirm_of_a_connection_that_was_given_up_confirms_nothing_on_the_next(
    link: OneThreadLink, publisher: Publisher, threads: ThreadPoolExecutor
) -> None:
    old = connect(link, publisher)
    first = begun(threads, publisher, old, b"first")
    publisher.lost(TryLater("gone"))
    new = connect(link, publisher)
    second = begun(threads, publisher, new, b"second")

    old.confirm(1)  # both have number 1 on their channels
    publisher.lost(TryLater("gone too"))

    with pytest.raises(TryLater, match=r"gone$"):
        first.result(30)
    with pytest.raises(TryLater, match="gone too"):
        second.result(30)


def test_the_late_end_of_a_channel_that_was_given_up_does_not_end_the_next_connection(
    link: OneThreadLink, publisher: Publisher, threads: ThreadPoolExecutor
) -> None:
    old = connect(link, publisher)
    publisher.lost(TryLater("gone"))
    new = connect(link, publisher)
    publishing = begun(threads, publisher, new, b"news")

    old.end()
    new.confirm(1)

    publishing.result(30)
    assert link.failed == []
