"""The API and its page, where they listen beyond loopback: who may ask, what they tell, and what they may do.

Leaves production as it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing

import httpx
import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import ChannelClosedByBroker
from websockets.sync.client import connect

from services.common.services import SERVICES as REGISTRY
from tests.support.containers.api import API, ask, make_key, told
from tests.support.containers.guide_shell import run
from tests.support.containers.news import PAIRS, publish
from tests.support.containers.servers import broker_as
from tests.support.containers.stack import Stack
from tests.support.docs.guide import typed
from tests.support.waiting import eventually

UNAUTHORISED, FORBIDDEN = 401, 403
CLOSED = (
    *("/", "/news", "/trades", "/state", "/static/page.css", "/docs", "/openapi.json", "/mcp"),
    *("/v1/sentiment", "/v1/trades", "/v1/queues", "/v1/health", "/v1/export", "/v1/reports"),
)
LINK, _ = typed("docker exec trading-api python -m services.api.link").splitlines()


@pytest.fixture(scope="module")
def reader(production: Stack) -> str:
    """A key that may read."""
    return make_key(production, "a reader")


@pytest.fixture(scope="module")
def controller(production: Stack) -> str:
    """A key that may change something."""
    return make_key(production, "a controller", "--scope", "control")


@pytest.mark.parametrize("path", CLOSED)
def test_nothing_is_told_without_a_key_or_with_a_wrong_one(production: Stack, reader: str, path: str) -> None:
    assert production.unhealthy() == {}
    wrong = reader[:-1] + ("A" if reader[-1] != "A" else "B")
    assert [ask(path, key).status_code for key in (None, wrong)] == [UNAUTHORISED, UNAUTHORISED]


def test_a_probe_needs_no_key(production: Stack) -> None:
    assert production.unhealthy() == {}
    assert ask("/live").json()["service"] == "api"
    assert ask("/health").is_success


def test_a_key_to_read_reads_the_sentiment_of_each_pair(reader: str) -> None:
    def states() -> dict[str, str | None]:
        answer = told("/v1/sentiment", reader) or {"pairs": {}}
        return {pair: row and row["state"] for pair, row in answer["pairs"].items()}

    fresh = dict.fromkeys(PAIRS, "fresh")
    eventually(lambda: states() == fresh, lambda: f"fresh sentiment: {states()}", look=1)


def test_each_service_is_asked_for_its_health(reader: str) -> None:
    def states() -> dict[str, str]:
        answer = told("/v1/health", reader) or {"services": ()}
        return {each["service"]: each["status"] for each in answer["services"]}

    asked = [each.name for each in REGISTRY.values() if each.name != "api" and not each.is_optional]
    well = dict.fromkeys(asked, "ok")
    eventually(lambda: states() == well, lambda: f"all services well: {told('/v1/health', reader)}", look=1)


def test_queues_are_told_with_their_rates(reader: str) -> None:
    def rates() -> dict[str, float | None]:
        answer = told("/v1/queues", reader) or {"queues": ()}
        return {row["name"]: row["incoming_per_second"] for row in answer["queues"]}

    eventually(
        lambda: (rates().get("raw_market_data") or 0) > 0, lambda: f"rates of queues: {rates()}", look=1
    )


def test_what_happens_is_recorded_and_told_on_the_stream(production: Stack, reader: str) -> None:
    bearer = {"Authorization": f"Bearer {reader}"}
    address = f"ws{API.removeprefix('http')}/v1/stream?kind=article"
    with connect(address, additional_headers=bearer, proxy=None) as stream:
        assert json.loads(stream.recv(30))["kind"] == "hello"
        (title,) = publish(production, 1)
        eventually(lambda: title in str(stream.recv(30)), f"{title!r} on the stream")
    eventually(
        lambda: title in json.dumps(told("/v1/articles?limit=100", reader)), "the article in a list", look=1
    )


def test_only_a_key_to_control_sets_and_lifts_a_hold(production: Stack, reader: str, controller: str) -> None:
    hold = "/v1/holds/api_test"
    assert ask(hold, method="POST", reason="nobody asks").status_code == UNAUTHORISED
    assert ask(hold, reader, "POST", reason="a reader asks").status_code == FORBIDDEN
    assert ask(hold, controller, "POST", reason="held by the API").is_success
    assert "held by the API" in production.operator("sentiment")
    assert ask(hold, controller, "DELETE").is_success
    assert "held by the API" not in production.operator("sentiment")


def test_a_revoked_key_is_refused_at_once(production: Stack) -> None:
    key = make_key(production, "to be revoked")
    assert ask("/v1/sentiment", key).is_success
    production.operator("secrets", "api-key", "revoke", key.split("_")[1])
    assert ask("/v1/sentiment", key).status_code == UNAUTHORISED


def test_a_link_opens_the_page_in_one_browser(production: Stack) -> None:
    link = run(production, LINK).strip()
    with httpx.Client(trust_env=False, timeout=30) as browser:
        assert browser.get(link).is_success
        page = browser.get(f"{API.replace('localhost', '127.0.0.1')}/")
        assert page.is_success
        assert all(pair in page.text for pair in PAIRS)
    with httpx.Client(trust_env=False, timeout=30) as other:
        assert other.get(link).status_code == FORBIDDEN


ATTEMPTS: dict[str, Callable[[BlockingChannel], object]] = {
    "publish news": lambda channel: channel.basic_publish("cryptoboy.events", "news.article", b"{}"),
    "publish a signal": lambda channel: channel.basic_publish("cryptoboy.events", "sentiment.signal", b"{}"),
    "publish to a queue": lambda channel: channel.basic_publish("", "sentiment_signals_queue", b"{}"),
    "take news": lambda channel: channel.basic_get("raw_news_data"),
    "take signals": lambda channel: channel.basic_get("sentiment_signals_queue"),
    "empty a queue": lambda channel: channel.queue_purge("raw_news_data"),
    "delete a queue": lambda channel: channel.queue_delete("history_queue"),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize("user", ["history_recorder", "api"])
def test_rabbitmq_refuses_recorder_and_api_what_they_do_not_need(
    production: Stack, user: str, attempt: str
) -> None:
    with closing(broker_as(production, user)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        with pytest.raises(ChannelClosedByBroker) as refused:
            ATTEMPTS[attempt](channel)
    assert refused.value.reply_code == FORBIDDEN


@pytest.mark.parametrize(
    ("user", "command"),
    [
        ("history_recorder", "hset trading:holds operator {}"),
        ("history_recorder", "del trading:holds"),
        ("history_recorder", "zadd sentiment_signals:BTC/USDT 1 x"),
        ("history_recorder", "hset sentiment:BTC/USDT score 1"),
        ("history_recorder", "eval return 0"),
        ("api", "zadd sentiment_signals:BTC/USDT 1 x"),
        ("api", "hset sentiment:BTC/USDT score 1"),
        ("api", "del sentiment_signals:BTC/USDT"),
        ("api", "flushall"),
        ("api", "acl whoami"),
    ],
)
def test_redis_refuses_recorder_and_api_what_they_do_not_need(
    production: Stack, user: str, command: str
) -> None:
    assert "NOPERM" in production.redis(*command.split(), user=user)
