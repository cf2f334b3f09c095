"""A demo keeps out of a system that trades, and a system that trades keeps away from what a demo wrote."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest
import redis

from services.cli.trade import trade
from services.cli.up import up
from services.common.broker.open import open_broker
from services.common.broker.port import Broker, OutgoingMessage
from services.common.broker.topology import (
    HISTORY,
    MARKET_CANDLE,
    NEWS_ARTICLE,
    RAW_MARKET_DATA,
    RAW_NEWS_DATA,
)
from services.common.clock import ManualClock, SystemClock
from services.common.errors import StopProgram, TryLater
from services.common.settings.settings import BrokerKind, Settings
from services.demo.guard import on_shared_servers, refuse_demo_news
from tests.support.store.embedded_redis import by_port, embedded_redis

pytestmark = pytest.mark.integration
PAIRS = ("BTC/USDT", "ETH/USDT")
NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
LASTS = timedelta(minutes=5)
SIGNALS = "sentiment_signals:BTC/USDT"


@pytest.fixture
def client(redis_settings: Settings) -> Iterator[Any]:
    with redis.Redis(redis_settings.redis_host, redis_settings.redis_port, decode_responses=True) as opened:
        yield opened


@pytest.fixture
def broker(embedded_settings: Settings) -> Iterator[Broker]:
    with closing(open_broker(embedded_settings, SystemClock())) as opened:
        opened.start()
        yield opened


def guest(settings: Settings, broker: Broker, told: list[str] | None = None) -> AbstractContextManager[None]:
    tell = (told if told is not None else []).append
    return on_shared_servers(settings.changed(trading_pairs=PAIRS), broker, ManualClock(NOW), LASTS, tell)


def waiting(broker: Broker) -> dict[str, int]:
    return {state.name: state.ready for state in broker.queues() if state.ready}


def send(broker: Broker, key: str, name: str) -> None:
    broker.publish([OutgoingMessage(key, b"{}", name)])


def kill(settings: Settings, broker: Broker) -> None:
    """A demo that is killed never leaves."""
    guest(settings, broker).__enter__()


def test_what_a_demo_wrote_is_gone_when_it_ends_and_nothing_else(
    redis_settings: Settings, client: Any, broker: Broker
) -> None:
    client.hset("sentiment:SOL/USDT", mapping={"score": "0.1"})
    client.set("trading:entries", "paused")
    with guest(redis_settings, broker):
        client.hset("sentiment:BTC/USDT", mapping={"score": "0.9"})
        client.lpush("sentiment_history:BTC/USDT", "{}")
        client.zadd(SIGNALS, {"{}": NOW.timestamp() * 1000})
        client.hset("sentiment_ids:ETH/USDT", "a", "1")
        send(broker, NEWS_ARTICLE, "a late one")
        send(broker, MARKET_CANDLE, "a candle")
    assert sorted(client.keys("*")) == ["sentiment:SOL/USDT", "trading:entries"]
    assert waiting(broker) == {}


@pytest.mark.parametrize("killed", [False, True])
def test_holds_that_a_demo_began_go_with_it_and_those_of_others_stay(
    redis_settings: Settings, client: Any, broker: Broker, killed: bool
) -> None:
    if killed:
        kill(redis_settings, broker)
        client.hset("trading:holds", "_kept", "the killed one's")
    with guest(redis_settings, broker):
        assert client.exists("trading:holds") == 0
        client.hset("trading:holds", "_kept", "the demo's")
        client.set("trading:holds_id", "the demo's")
    assert client.keys("*") == []
    client.hset("trading:holds", "operator", "{}")
    with guest(redis_settings, broker):
        client.hset("trading:holds", "_kept", "")
    assert client.hgetall("trading:holds") == {"operator": "{}", "_kept": ""}


def test_a_demo_that_is_interrupted_tidies_up_as_well(
    redis_settings: Settings, client: Any, broker: Broker
) -> None:
    def interrupted() -> None:
        with guest(redis_settings, broker):
            client.hset("sentiment:BTC/USDT", mapping={"score": "0.9"})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert client.keys("*") == []


def test_a_demo_that_is_interrupted_while_it_enters_leaves_no_mark(
    redis_settings: Settings, client: Any, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill(redis_settings, broker)
    left = [lambda *_: signal.raise_signal(signal.SIGINT), lambda *_: None]
    monkeypatch.setattr("services.demo.guard.empty_queues", lambda *_: left.pop(0)())
    with pytest.raises(KeyboardInterrupt):
        guest(redis_settings, broker).__enter__()
    assert client.keys("*") == []
    assert left == []


def left_without_redis(
    settings: Settings, broker: Broker, told: list[str], problem: Exception | None
) -> None:
    with embedded_redis() as server, guest(by_port(server), broker, told):
        server.server.stop()
        if problem:
            raise problem


def test_what_cannot_be_removed_is_told_and_hides_no_other_problem(
    redis_settings: Settings, broker: Broker
) -> None:
    told: list[str] = []
    with pytest.raises(TryLater, match=r"could not be removed.*next demo on these servers removes it"):
        left_without_redis(redis_settings, broker, told, None)
    assert told == []
    with pytest.raises(StopProgram, match="a part ended"):
        left_without_redis(redis_settings, broker, told, StopProgram("a part ended"))
    assert len(told) == 1
    assert "could not be removed" in told[0]


def test_candles_that_were_there_before_stay(redis_settings: Settings, broker: Broker) -> None:
    send(broker, RAW_MARKET_DATA.name, "of others")
    before = waiting(broker)
    with guest(redis_settings, broker):
        pass
    assert before[RAW_MARKET_DATA.name] == 1
    assert waiting(broker) == before


def test_sentiment_that_no_demo_wrote_is_left_alone(
    redis_settings: Settings, client: Any, broker: Broker
) -> None:
    client.hset("sentiment:ETH/USDT", mapping={"score": "0.5"})
    with pytest.raises(StopProgram, match="holds sentiment for ETH/USDT that no demo wrote"):
        guest(redis_settings, broker).__enter__()
    assert client.keys("*") == ["sentiment:ETH/USDT"]
    assert client.hgetall("sentiment:ETH/USDT") == {"score": "0.5"}


def test_what_a_killed_demo_left_is_removed_by_the_next(
    redis_settings: Settings, client: Any, broker: Broker
) -> None:
    kill(redis_settings, broker)
    client.zadd(SIGNALS, {"the demo's": (NOW + LASTS).timestamp() * 1000})
    send(broker, NEWS_ARTICLE, "of the killed one")
    with guest(redis_settings, broker):
        assert not client.exists(SIGNALS)
        assert waiting(broker) == {}
    assert client.keys("*") == []


def test_real_news_that_came_after_a_killed_demo_is_no_leftover(
    redis_settings: Settings, client: Any, broker: Broker
) -> None:
    kill(redis_settings, broker)
    client.zadd(SIGNALS, {"real": (NOW + LASTS).timestamp() * 1000 + 1})
    with pytest.raises(StopProgram, match="holds sentiment for BTC/USDT that no demo wrote"):
        guest(redis_settings, broker).__enter__()
    assert client.zrange(SIGNALS, 0, -1) == ["real"]


def test_a_mark_of_another_version_is_refused_with_the_way_out(
    redis_settings: Settings, client: Any, broker: Broker
) -> None:
    client.set("cryptoboy:demo", json.dumps(PAIRS))
    with pytest.raises(StopProgram, match="redis-cli DEL cryptoboy:demo"):
        guest(redis_settings, broker).__enter__()
    with pytest.raises(StopProgram, match="redis-cli DEL cryptoboy:demo"):
        refuse_demo_news(redis_settings, print)


def test_a_redis_that_is_away_is_told_without_its_password(redis_settings: Settings, broker: Broker) -> None:
    away = redis_settings.changed(redis_port=1, redis_password="hidden")
    with pytest.raises(TryLater) as raised:
        guest(away, broker).__enter__()
    assert "hidden" not in str(raised.value)


def test_queues_that_somebody_reads_are_refused(
    redis_settings: Settings, client: Any, broker: Broker
) -> None:
    subscription = broker.subscribe(RAW_NEWS_DATA.name, 1)
    with pytest.raises(StopProgram, match="raw_news_data has 1 consumer"):
        guest(redis_settings, broker).__enter__()
    assert client.keys("*") == []
    subscription.close()
    with guest(redis_settings, broker):
        pass


def test_news_that_waits_for_the_real_pipeline_is_not_used_up(
    redis_settings: Settings, client: Any, broker: Broker
) -> None:
    send(broker, NEWS_ARTICLE, "real")
    before = waiting(broker)
    with pytest.raises(StopProgram, match=r"raw_news_data holds 1 message\(s\) that no demo sent"):
        guest(redis_settings, broker).__enter__()
    assert client.keys("*") == []
    assert before[RAW_NEWS_DATA.name] == 1
    assert waiting(broker) == before


def test_what_waits_to_be_recorded_is_not_mixed_with_the_news_of_a_demo(
    redis_settings: Settings, client: Any, broker: Broker
) -> None:
    send(broker, MARKET_CANDLE, "real")
    before = waiting(broker)
    with pytest.raises(StopProgram, match=r"history_queue holds 1 message\(s\) that no demo sent"):
        guest(redis_settings, broker).__enter__()
    assert waiting(broker) == before == {RAW_MARKET_DATA.name: 1, HISTORY.name: 1}


def test_on_rabbitmq_the_queues_are_left_empty(redis_settings: Settings, rabbitmq_settings: Settings) -> None:
    with closing(open_broker(rabbitmq_settings, SystemClock())) as broker:
        broker.start()
        with guest(redis_settings, broker):
            for number in range(3):
                send(broker, NEWS_ARTICLE, f"n{number}")
                send(broker, MARKET_CANDLE, f"c{number}")
        assert waiting(broker) == {}


@pytest.fixture
def killed(
    redis_settings: Settings, broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """A demo was killed on the Redis that the environment names; nothing is executed from here on."""

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("a bot was started")

    kill(redis_settings, broker)
    taken = str(redis_settings.redis_port)  # `up` goes no further than to this port, should it get there
    environ = {"CRYPTOBOY_ENV_FILE": "", "REDIS_HOST": redis_settings.redis_host, "REDIS_PORT": taken}
    for name, value in (environ | {"FREQTRADE_API_PORT": taken, "STATE_DIR": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, "execve", refuse)
    return redis_settings


def test_no_bot_is_started_on_the_news_of_a_demo(killed: Settings, client: Any, broker: Broker) -> None:
    for start in (partial(trade), partial(up, BrokerKind.RABBITMQ)):
        with pytest.raises(StopProgram, match="holds the invented news of a demo") as raised:
            start()
    client.delete(*str(raised.value).partition("redis-cli DEL ")[2].split())
    refuse_demo_news(killed, pytest.fail)


def test_a_bot_is_started_while_redis_is_away(redis_settings: Settings) -> None:
    told: list[str] = []
    refuse_demo_news(redis_settings.changed(redis_port=1), told.append)
    assert len(told) == 1
    assert "not known" in told[0]
