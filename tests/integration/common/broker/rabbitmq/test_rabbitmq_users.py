"""The users of the definitions on a real RabbitMQ: each can do its work with the code of the services, and no more."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import httpx
import pika
import pytest
from pika.exceptions import ChannelClosedByBroker
from pydantic import SecretStr

from services.common.broker.open import open_broker
from services.common.broker.options import BrokerOptions
from services.common.broker.port import Broker, OutgoingMessage
from services.common.broker.rabbitmq.definitions import definitions
from services.common.broker.rabbitmq.topology import rabbitmq_topology
from services.common.broker.rabbitmq.users import BROKER_USERS, password_hash
from services.common.broker.topology import (
    EVENTS_EXCHANGE,
    HISTORY,
    MARKET_CANDLE,
    NEWS_ARTICLE,
    NEWS_SCORED,
    RAW_NEWS_DATA,
    SENTIMENT_SIGNAL,
    SENTIMENT_SIGNALS,
)
from services.common.clock import SystemClock
from services.common.errors import StopProgram
from services.common.services import SERVICES, Service
from services.common.settings.settings import Settings
from services.operations.dead_letters import DeadLetterBox, queues_with_dead_letters
from services.operations.queues.rates import read_rates
from services.sentiment_analyzer.pipeline.outcome import Judgement, Outcome
from services.sentiment_analyzer.pipeline.results import ResultPublisher
from tests.support.broker.broker_house import depth, plain_parameters, receive_one
from tests.support.broker.rabbitmq_management import Management
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration

EXCHANGES = ("cryptoboy.events", "cryptoboy.retry", "cryptoboy.dlx", "amq.topic", "")
KEYS = (
    NEWS_ARTICLE,
    MARKET_CANDLE,
    SENTIMENT_SIGNAL,
    NEWS_SCORED,
    RAW_NEWS_DATA.name,
    SENTIMENT_SIGNALS.name,
)
QUEUES = tuple(queue.name for queue in rabbitmq_topology(1).queues)
NEWS, SIGNALS = "raw_news_data", "sentiment_signals_queue"


@dataclass
class Staff:
    """The vhost with the definitions in it, and brokers opened as any of their users."""

    settings: Settings
    passwords: dict[str, str]
    _opened: list[Broker] = field(default_factory=list)

    def settings_of(self, user: str) -> Settings:
        password = SecretStr(self.passwords[user])
        return self.settings.changed(rabbitmq_user=user, rabbitmq_pass=password, rabbitmq_declare=False)

    def broker(self, user: str) -> Broker:
        broker = open_broker(
            self.settings_of(user), SystemClock(), BrokerOptions(retry_delay=lambda _count: 0.2)
        )
        self._opened.append(broker)
        broker.start()
        return broker

    def close(self) -> None:
        for broker in self._opened:
            broker.close()


@pytest.fixture
def staff(rabbitmq_settings: Settings, rabbitmq_vhost: str, management: Management) -> Iterator[Staff]:
    passwords = {user.name: secrets.token_urlsafe(16) for user in BROKER_USERS}
    hashes = {name: password_hash(password, secrets.token_bytes(4)) for name, password in passwords.items()}
    management.call(
        "POST", "definitions", definitions(rabbitmq_vhost, rabbitmq_settings.queue_max_length, hashes)
    )
    place = Staff(rabbitmq_settings, passwords)
    yield place
    place.close()
    for user in BROKER_USERS:
        management.delete_user(user.name)


def message(routing_key: str) -> OutgoingMessage:
    return OutgoingMessage(routing_key, b"{}", f"id-{routing_key}")


def test_each_service_does_its_work_with_its_user(staff: Staff) -> None:
    poller, streamer = staff.broker("news_poller"), staff.broker("market_streamer")
    processor, cacher = staff.broker("sentiment_processor"), staff.broker("signal_cacher")
    poller.publish([message(NEWS_ARTICLE)])
    streamer.publish([message(MARKET_CANDLE)])
    assert depth(poller, NEWS) == 1  # it slows down when the queue is long, so it may ask

    articles = processor.subscribe(NEWS, 2)
    articles.retry(receive_one(articles), "a first failure")
    again = receive_one(articles)
    assert again.attempts == 1
    processor.publish([message(SENTIMENT_SIGNAL), message(NEWS_SCORED)])
    articles.ack([again])

    signals = cacher.subscribe(SIGNALS, 2)
    signals.retry(receive_one(signals), "a first failure")
    signals.dead_letter(receive_one(signals), "to see that it may")
    eventually(lambda: depth(cacher, f"{SIGNALS}.dlq") == 1, "the dead letter arrives")


def test_the_operator_sees_the_queues_and_puts_dead_letters_back(staff: Staff) -> None:
    staff.broker("news_poller").publish([message(NEWS_ARTICLE)])
    articles = staff.broker("sentiment_processor").subscribe(NEWS, 1)
    articles.dead_letter(receive_one(articles), "to see what the operator makes of it")
    articles.close()
    operator = staff.broker("operator")
    eventually(lambda: depth(operator, f"{NEWS}.dlq") == 1, "the dead letter arrives")
    with DeadLetterBox(operator, queues_with_dead_letters(None)) as box:
        assert [letter.queue for letter in box.letters()] == [RAW_NEWS_DATA.name]
        assert box.replay(None) == 1
    eventually(lambda: depth(operator, NEWS) == 1, "the article is back")
    eventually(
        lambda: set(read_rates(staff.settings_of("operator"))) == set(QUEUES), "its API answers in time"
    )


def test_the_autoscaler_may_ask_how_long_a_queue_is(staff: Staff) -> None:
    staff.broker("news_poller").publish([message(NEWS_ARTICLE)])
    with closing(pika.BlockingConnection(plain_parameters(staff.settings_of("autoscaler")))) as connection:
        asked = connection.channel().queue_declare(NEWS, passive=True)
    assert asked.method.message_count == 1


def test_the_api_sees_the_rates_of_the_queues_and_neither_users_nor_connections_of_others(
    staff: Staff,
) -> None:
    staff.broker("news_poller").publish([message(NEWS_ARTICLE)])
    eventually(lambda: set(read_rates(staff.settings_of("api"))) == set(QUEUES), "the rates are there")
    for path in ("users", "permissions", "definitions", "nodes", "parameters"):
        assert ask_management(staff, "api", path).status_code == httpx.codes.UNAUTHORIZED, path
    assert ask_management(staff, "api", "connections").json() == []


@pytest.mark.parametrize("user", [each.name for each in BROKER_USERS if not each.tags])
def test_no_other_service_may_ask_the_management_api(staff: Staff, user: str) -> None:
    assert ask_management(staff, user, "overview").status_code == httpx.codes.UNAUTHORIZED


def ask_management(staff: Staff, user: str, path: str) -> httpx.Response:
    settings = staff.settings_of(user)
    url = f"http://{settings.rabbitmq_host}:{settings.rabbitmq_management_port}/api/{path}"
    return httpx.get(url, auth=(user, staff.passwords[user]), timeout=30, trust_env=False)


def test_a_routing_key_of_another_service_is_refused(staff: Staff) -> None:
    for user in ("market_streamer", "sentiment_processor"):
        with pytest.raises(StopProgram, match=r"news\.article|access.*refused"):
            staff.broker(user).publish([message(NEWS_ARTICLE)])


def test_a_processor_that_may_publish_no_results_publishes_its_signals_and_loses_no_result(
    staff: Staff, management: Management, rabbitmq_vhost: str
) -> None:
    user = "sentiment_processor"
    rights = {"exchange": EVENTS_EXCHANGE, "write": r"^(sentiment\.signal)$", "read": "^$"}
    management.call("PUT", f"topic-permissions/{rabbitmq_vhost}/{user}", rights)
    processor = staff.broker(user)
    broker = open_broker(staff.settings_of(user), SystemClock())
    publisher = ResultPublisher(broker, lambda _article_id, *, degraded: None, SystemClock())  # noqa: ARG005 - the port's
    settled = Event()
    with closing(publisher):
        publisher.start()
        publisher.add([("a1", Judgement(Outcome.SCORED))], settled.set)
        assert settled.wait(60)
        assert not publisher.health().ok
        processor.publish([message(SENTIMENT_SIGNAL)])
        assert processor.health().ok
        management.call("PUT", f"topic-permissions/{rabbitmq_vhost}/{user}", rights | {"write": r"^(.*)$"})
        eventually(lambda: depth(processor, HISTORY.name) == 1, "the result is published")
    assert depth(processor, SIGNALS) == 1


Attempt = Callable[[Any], object]


def call(method: str, *arguments: object) -> Attempt:
    return lambda channel: getattr(channel, method)(*arguments)


def attempts() -> dict[str, Attempt]:
    """Everything that a user of AMQP could try, by a name that says what."""
    tries = {
        "declare a queue": call("queue_declare", "of my own"),
        "declare an exchange": call("exchange_declare", "of.my.own"),
        "delete an exchange": call("exchange_delete", "cryptoboy.events"),
        "bind an exchange": call("exchange_bind", "cryptoboy.dlx", "cryptoboy.events", "#"),
    }
    for queue in QUEUES:
        tries |= {
            f"delete {queue}": call("queue_delete", queue),
            f"bind {queue}": call("queue_bind", queue, "cryptoboy.events", "#"),
            f"unbind {queue}": call("queue_unbind", queue, "cryptoboy.events", "#"),
            f"read {queue}": call("basic_get", queue),
        }
    for exchange in EXCHANGES:
        for key in KEYS:
            name = f"publish {key} to {exchange or 'a queue by its name'}"
            tries[name] = call("basic_publish", exchange, key, b"{}")
    return tries


# All that succeeds; whatever is not here is refused. Direct exchanges know no rights for routing keys.
SET_ASIDE = {
    f"publish {key} to {exchange}" for exchange in ("cryptoboy.retry", "cryptoboy.dlx") for key in KEYS
}


def allowed_to(service: Service) -> set[str]:
    """What the registry says."""
    allowed = {f"publish {key} to cryptoboy.events" for key in service.publishes}
    allowed |= {f"read {queue.name}" for queue in service.reads}
    return allowed | (SET_ASIDE if any(queue.retried for queue in service.reads) else set())


ALLOWED = {user.name: allowed_to(SERVICES[user.name]) for user in BROKER_USERS if user.name in SERVICES} | {
    "operator": {
        "publish raw_news_data to cryptoboy.events",
        "publish sentiment_signals_queue to cryptoboy.events",
        "read raw_news_data.dlq",
        "read sentiment_signals_queue.dlq",
    },
    "autoscaler": set(),
}
ALLOWED["api"] = ALLOWED["operator"]


@pytest.mark.parametrize("user", ALLOWED)
def test_what_a_user_may_do_is_this_and_everything_else_is_refused(staff: Staff, user: str) -> None:
    allowed, codes = set(), set()
    with closing(pika.BlockingConnection(plain_parameters(staff.settings_of(user)))) as connection:
        for name, attempt in attempts().items():
            channel = connection.channel()
            channel.confirm_delivery()
            try:
                attempt(channel)
            except ChannelClosedByBroker as refusal:
                codes.add(refusal.reply_code)
            else:
                allowed.add(name)
                channel.close()
    assert allowed == ALLOWED[user]
    assert codes == {403}


def test_what_was_imported_is_what_development_declares(staff: Staff) -> None:
    with closing(open_broker(staff.settings, SystemClock())) as broker:  # an administrator, and declaring
        broker.start()
        assert {state.name for state in broker.queues()} == set(QUEUES)


def test_the_policies_are_in_force(staff: Staff, management: Management, rabbitmq_vhost: str) -> None:
    def applied() -> dict[str, str | None]:
        found = management.call("GET", f"queues/{rabbitmq_vhost}")
        return {each["name"]: each.get("policy") for each in found}

    wanted = {name: None if name.endswith(".dlq") else name for name in QUEUES}
    eventually(lambda: applied() == wanted, "every queue has its policy")
