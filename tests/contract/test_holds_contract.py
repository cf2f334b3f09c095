"""Holds on entries: what the services write is what the strategy obeys, on a real Redis and on the embedded one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import cryptoboy_sentiment as news
import pytest
import redis
from pydantic import SecretStr

from services.common.settings.settings import Settings
from services.common.store.holds import Hold, Holds
from services.common.store.open import open_store
from services.common.store.port import SentimentStore
from tests.support.store.embedded_redis import embedded_redis
from tests.support.store.store_samples import NOW, PAIR
from tests.support.strategy.strategy_samples import strategy_client

LATER = NOW + timedelta(hours=2)


@pytest.fixture(params=["real", "embedded"])
def settings(request: pytest.FixtureRequest) -> Iterator[Settings]:
    if request.param == "real":
        server = request.getfixturevalue("redis_server")
        password = SecretStr(server.password) if server.password else None
        yield Settings(redis_host=server.host, redis_port=server.port, redis_password=password)
    else:
        with embedded_redis() as server:
            yield server.settings.changed(redis_password=server.password)  # `raw` asks its port


def password_of(settings: Settings) -> str | None:
    return settings.redis_password.get_secret_value() if settings.redis_password else None


@pytest.fixture
def raw(settings: Settings) -> Iterator[Any]:
    with redis.Redis(
        settings.redis_host, settings.redis_port, password=password_of(settings), decode_responses=True
    ) as client:
        yield client


@pytest.fixture
def store(settings: Settings) -> Iterator[SentimentStore]:
    opened = open_store(settings)
    yield opened
    opened.close()


@pytest.fixture
def holds(store: SentimentStore) -> Holds:
    return store.holds


@pytest.fixture
def source(settings: Settings) -> Iterator[news.RedisSignals]:
    with strategy_client(settings.redis_host, settings.redis_port, password_of(settings)) as client:
        yield news.RedisSignals(client, window=timedelta(hours=48), patience_s=60.0)


def seen(source: news.RedisSignals, now: Any = NOW) -> tuple[str, list[str]]:
    source.refresh([PAIR], now)
    assert source.readable(PAIR)
    return source.entries, [hold.owner for hold in source.holds]


def test_an_empty_store_refuses_entries_until_holds_are_begun(
    holds: Holds, source: news.RedisSignals
) -> None:
    assert seen(source) == ("lost", [])
    assert holds.begin("first", NOW) == "first"
    assert seen(source) == ("open", [])
    assert holds.begin("second", NOW) == "first"
    assert holds.read().id == "first"


def test_what_is_lost_is_not_begun_again_but_by_the_operator(
    holds: Holds, source: news.RedisSignals, raw: Any
) -> None:
    holds.begin("first", NOW)
    for lost in (["DEL", "trading:holds"], ["HDEL", "trading:holds", "_kept"]):
        raw.execute_command(*lost)
        assert holds.begin("second", NOW) is None
        assert seen(source)[0] == "lost"
        holds.set(Hold("operator", "", NOW))
        assert seen(source) == ("lost", ["operator"])
        holds.resume(["operator"], NOW)
        assert seen(source) == ("open", [])


def test_a_store_that_was_emptied_and_marked_is_not_taken_for_new(holds: Holds, raw: Any) -> None:
    holds.begin("first", NOW)
    raw.flushall()
    holds.mark("first")
    holds.mark("second")
    assert holds.begin("third", NOW) is None
    assert holds.read().id == "first"


def test_holds_have_owners_and_each_lifts_its_own(holds: Holds, source: news.RedisSignals) -> None:
    holds.begin("first", NOW)
    holds.set(Hold("operator", "lunch", NOW))
    holds.set(Hold("risk", "drawdown", NOW, LATER))
    assert seen(source) == ("paused", ["operator", "risk"])
    assert source.holds[1] == news.Hold("risk", "drawdown", NOW.isoformat(), LATER.isoformat())
    holds.resume(["operator"], NOW)
    assert seen(source) == ("paused", ["risk"])
    assert seen(source, LATER) == ("open", [])
    holds.lift("risk")
    assert seen(source) == ("open", [])


def test_every_change_gives_the_holds_another_id(holds: Holds) -> None:
    holds.begin("first", NOW)
    ids = ["first"]
    changes: list[Callable[[], None]] = [
        lambda: holds.set(Hold("risk", "", NOW)),
        lambda: holds.lift("risk"),
        lambda: holds.resume(["operator"], NOW),
    ]
    for change in changes:
        change()
        ids.append(holds.read().id or "")
    assert len(set(ids)) == 4


def test_a_pause_is_written_for_older_strategies_too_and_ends_with_it(holds: Holds, raw: Any) -> None:
    holds.begin("first", NOW)
    holds.set(Hold("operator", "", NOW))
    assert (raw.get("trading:entries"), raw.ttl("trading:entries")) == ("paused", -1)
    holds.resume(["operator"], NOW)
    assert raw.exists("trading:entries") == 0
    end = raw.time()[0] + 3600
    holds.set(Hold("operator", "", NOW, until=NOW.fromtimestamp(end, NOW.tzinfo)))
    assert raw.expiretime("trading:entries") == end
    holds.set(Hold("operator", "", NOW))
    assert raw.ttl("trading:entries") == -1


@pytest.mark.parametrize("make", ["set", "rpush", "hset"])
def test_trading_entries_is_a_hold_of_the_operator_whatever_it_contains(
    holds: Holds, source: news.RedisSignals, raw: Any, make: str
) -> None:
    holds.begin("first", NOW)
    getattr(raw, make)("trading:entries", "what", *(["ever"] if make == "hset" else []))
    assert seen(source) == ("paused", ["operator"])
    holds.resume(["operator"], NOW)
    assert seen(source) == ("open", [])


def test_a_pause_of_an_older_version_becomes_a_hold_when_holds_are_begun(
    holds: Holds, source: news.RedisSignals, raw: Any
) -> None:
    raw.set("trading:entries", "paused")
    holds.begin("first", NOW)
    raw.delete("trading:entries")  # as a Redis that throws keys away may do
    assert seen(source) == ("paused", ["operator"])


def test_a_hold_that_cannot_be_read_is_in_force(holds: Holds, source: news.RedisSignals, raw: Any) -> None:
    holds.begin("first", NOW)
    past, naive = (NOW - timedelta(hours=1)).isoformat(), "2020-01-01T00:00:00"
    in_force = [
        "",
        "no json",
        "[]",
        "null",
        "7",
        '{"until": 0}',
        json.dumps({"until": naive}),
        '{"until": ""}',
        "{}",
    ]
    for number, value in enumerate(in_force):
        raw.hset("trading:holds", f"in-force-{number}", value)
    raw.hset("trading:holds", "over", json.dumps({"until": past}))
    raw.hset("trading:holds", "over too", json.dumps({"until": past.replace("+00:00", "Z"), "reason": 7}))
    assert seen(source) == ("paused", [f"in-force-{number}" for number in range(len(in_force))])


def test_a_hash_of_another_type_refuses_entries_and_not_the_news(
    source: news.RedisSignals, raw: Any, caplog: pytest.LogCaptureFixture
) -> None:
    raw.set("trading:holds", "x")
    assert seen(source) == ("unknown", [])
    assert "WRONGTYPE" in caplog.text


def test_the_reason_is_logged_once_for_each_change(
    holds: Holds, source: news.RedisSignals, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "cryptoboy_sentiment")

    def said() -> list[str]:
        caplog.clear()
        for _ in range(3):
            seen(source)
        return [record.getMessage() for record in caplog.records]

    (lost,) = said()
    assert "./cryptoboy resume" in lost
    holds.begin("first", NOW)
    assert said() == ["New entries are allowed again"]
    holds.set(Hold("risk", "draw\ndown", NOW))
    (held,) = said()
    assert f"risk since {NOW.isoformat()}: draw down" in held
    assert said() == []


def test_what_is_thrown_away_is_known(store: SentimentStore) -> None:
    assert store.eviction_policy() == "noeviction"


@pytest.mark.parametrize("owner", ["", "_kept"])
def test_nobody_holds_entries_under_a_name_that_is_not_one(owner: str) -> None:
    with pytest.raises(ValueError, match="cannot own"):
        Hold(owner, "", NOW)
