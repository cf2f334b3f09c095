"""A bot whose source is the API: whatever the API answers, the loop goes on, and what was not read is unreadable."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import cryptoboy_sentiment as news
import pytest
from cryptoboy_sentiment import http_source
from cryptoboy_sentiment.http_source import HttpReader
from cryptoboy_sentiment.mirrored_source import MirroredSignals
from cryptoboy_sentiment.store_reader import NEW_AT_ONCE

from services.common.settings.settings import Settings
from tests.support.store.embedded_redis import client_of, embedded_redis
from tests.support.strategy.signal_places import articles
from tests.support.strategy.store_api import StoreApi, store_api
from tests.support.strategy.strategy_samples import PAIR, at, message, milliseconds, signal

NOW = at(60)
KEY = "cb_key-of-the-bot"


@pytest.fixture(scope="module")
def shared_store() -> Iterator[tuple[Settings, Any]]:
    with embedded_redis() as running, client_of(running) as client:
        yield running.settings, client


@pytest.fixture
def store(shared_store: tuple[Settings, Any]) -> Any:
    client = shared_store[1]
    client.flushall()
    client.hset("trading:holds", "_kept", "")
    put(client, signal("a1"))
    return client


@pytest.fixture
def api(store: Any, shared_store: tuple[Settings, Any]) -> Iterator[StoreApi]:
    with store_api(shared_store[0]) as running:
        running.key = KEY
        yield running


def put(store: Any, one: news.Signal) -> None:
    store.zadd(f"sentiment_signals:{one.pair}", {message(one): milliseconds(one.available_at)})


def source_of(api: StoreApi, patience_s: float = 60.0) -> MirroredSignals:
    return MirroredSignals(HttpReader(api.address, KEY), window=timedelta(hours=48), patience_s=patience_s)


def read_again(source: MirroredSignals) -> None:
    """Refresh until the source is readable."""
    deadline = time.monotonic() + 60
    source.refresh([PAIR], NOW)
    while not source.readable(PAIR) and time.monotonic() < deadline:
        source.refresh([PAIR], NOW)
    assert (source.readable(PAIR), source.entries) == (True, "open")


def test_holds_and_scored_pairs_come_along(store: Any, api: StoreApi) -> None:
    store.set("sentiment_pairs", json.dumps({PAIR: None, "SOL": None}))
    store.hset("trading:holds", "risk", json.dumps({"reason": "too much", "since": at(0).isoformat()}))
    source = source_of(api)
    source.refresh([PAIR], NOW)
    assert source.scored == frozenset({PAIR, "SOL"})
    assert (source.entries, [(hold.owner, hold.reason) for hold in source.holds]) == (
        "paused",
        [("risk", "too much")],
    )
    store.hdel("trading:holds", "risk")
    source.refresh([PAIR], NOW)
    assert (source.entries, source.holds) == ("open", ())
    store.delete("trading:holds")
    source.refresh([PAIR], NOW)
    assert str(source.entries) == "lost"
    store.set("trading:holds", "no hash")
    source.refresh([PAIR], NOW)
    assert (source.entries, source.readable(PAIR)) == ("unknown", True)
    store.set("trading:entries", "paused")
    source.refresh([PAIR], NOW)
    assert str(source.entries) == "paused"


def test_a_member_that_is_no_signal_is_left_out_and_counted(store: Any, api: StoreApi) -> None:
    store.zadd(f"sentiment_signals:{PAIR}", {b"\xff\xfe": milliseconds(at(2)), b"{}": milliseconds(at(3))})
    source = source_of(api)
    for _ in range(2):
        source.refresh([PAIR], NOW)
        assert (source.readable(PAIR), articles(source, PAIR)) == (True, ["a1"])
    assert source.invalid == 2


def test_more_pairs_than_are_read_at_once_are_read_in_portions(store: Any, api: StoreApi) -> None:
    pairs = [f"COIN{number}/USDT" for number in range(NEW_AT_ONCE + 1)]
    put(store, signal("a1", pair=pairs[-1]))
    source = source_of(api)
    source.refresh(pairs, NOW)
    assert all(map(source.readable, pairs))
    assert len(api.asked) == 2
    source.refresh(pairs, NOW)
    assert len(api.asked) == 3
    assert articles(source, pairs[-1]) == ["a1"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"key": "another"}, "answered 401: it does not accept the key"),
        ({"status": 403}, "answered 403"),
        ({"status": 307}, "answered 307"),
        ({"status": 503}, "answered 503"),
        ({"body": b"<html>"}, "its answer cannot be read"),
        ({"body": b'{"holds": {}}'}, "its answer cannot be read"),
        ({"body": b"[" * 100_000}, "its answer cannot be read"),
        ({"wait_s": 1.5}, "timed out"),
        ({"pause_s": 0.2}, "its answer took longer than 0.1 s"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_an_api_that_answers_wrongly_or_slowly_is_unreadable_and_read_again_later(
    api: StoreApi,
    wrong: dict[str, Any],
    said: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_source, "ANSWER_S", 0.1 if "pause_s" in wrong else 60)
    monkeypatch.setattr(http_source, "TIMEOUT_S", 1 if "wait_s" in wrong else 60)
    source = source_of(api)
    read_again(source)
    right = {name: getattr(api, name) for name in wrong}
    for name, value in wrong.items():
        setattr(api, name, value)
    source.refresh([PAIR], NOW)
    assert (source.readable(PAIR), source.entries) == (False, "unknown")
    assert articles(source, PAIR) == ["a1"]
    for name, value in right.items():
        setattr(api, name, value)
    read_again(source)
    assert said in caplog.text
    assert KEY not in caplog.text


def test_the_loop_waits_for_a_slow_api_only_as_long_as_it_is_patient(api: StoreApi) -> None:
    source = source_of(api, patience_s=0.3)
    read_again(source)
    api.wait_s = 0.9
    source.refresh([PAIR], NOW)
    assert (source.readable(PAIR), source.entries) == (False, "unknown")
    assert api.answered < len(api.asked)  # it was not waited for
    api.wait_s = 0
    read_again(source)


def test_an_answer_without_a_pair_that_was_asked_for_is_not_believed(api: StoreApi) -> None:
    source = source_of(api)
    api.body = (
        b'{"holds": {"_kept": ""}, "holds_error": null, "entries_key": false, "scored": null, "pages": {}}'
    )
    source.refresh([PAIR], NOW)
    assert (source.readable(PAIR), source.entries) == (False, "unknown")


def test_an_answer_without_end_is_given_up(api: StoreApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_source, "MOST_BYTES", 100)
    source = source_of(api)
    source.refresh([PAIR], NOW)
    assert not source.readable(PAIR)


def test_a_connection_that_the_api_has_closed_is_made_anew_without_a_word(
    api: StoreApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    api.closes = True
    source = source_of(api)
    for _ in range(3):
        source.refresh([PAIR], NOW)
        assert source.readable(PAIR)
    assert not caplog.records
    assert [each["Authorization"] for each in api.asked] == [f"Bearer {KEY}"] * 3


def test_a_redirection_takes_the_key_nowhere(api: StoreApi) -> None:
    api.status = 307
    source_of(api).refresh([PAIR], NOW)
    assert len(api.asked) == 1


def test_a_proxy_of_the_environment_is_not_used(api: StoreApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    source = source_of(api)
    source.refresh([PAIR], NOW)
    assert source.readable(PAIR)


def test_an_api_that_is_not_there_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    source = MirroredSignals(HttpReader("http://127.0.0.1:9", None), window=timedelta(hours=48))
    for _ in range(2):
        source.refresh([PAIR], NOW)
    assert not source.readable(PAIR)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(
        "The API at http://127.0.0.1:9 cannot be read, so there are no entries: Connection"
    )
