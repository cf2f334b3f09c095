"""A strategy gets the same answers from the sentiment store, through the API, and from a sentiment CSV."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import cryptoboy_sentiment as news
import pandas as pd
import pytest
import redis

from services.operations.secrets.api_keys import ApiKeys, Scope, keys_file
from tests.support.api.served import port_of, served
from tests.support.servers.servers import RedisServer
from tests.support.servers.tcp_proxy import TcpProxy
from tests.support.store.embedded_redis import client_of, embedded_redis
from tests.support.strategy.signal_places import (
    ApiPlace,
    CsvPlace,
    HistoryPlace,
    RedisPlace,
    SignalPlace,
    articles,
    by_name,
    columns_at,
)
from tests.support.strategy.strategy_samples import PAIR, at, opens, signal

NOW = at(600)
ETH = "ETH/USDT"
CANDLES = opens(*range(0, 600, 15))
SIGNALS = [
    signal("a1", published=1, score=0.9, owner="group", event_type="adoption"),
    signal("a2", published=30, available=50, score=-0.7, event_type="hack", corroboration=2.0, weight=0.5),
    signal("a3", published=30, available=50, score=0.4),  # as new as a2: the id decides
    signal("a2", published=30, available=70, score=-0.2, revision=1),
    signal("a2", published=30, available=80, score=0.8, revision=0, model="m2"),
    signal("a4", published=100, score=0.8, degraded=True, scope="market"),
    signal("a5", published=120, score=-0.9, suspected=True),
]


@pytest.fixture(params=["redis", "embedded", "api", "csv", "history"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SignalPlace]:
    yield from _place(request, tmp_path)


@pytest.fixture(params=["redis", "embedded", "api", "csv"])
def live_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SignalPlace]:
    yield from _place(request, tmp_path)


def _place(request: pytest.FixtureRequest, folder: Path) -> Iterator[SignalPlace]:
    if request.param == "csv":
        yield CsvPlace(folder)
    elif request.param == "history":
        yield HistoryPlace(folder)
    elif request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        client = redis.Redis(server.host, server.port, server.db, server.password)
        with client, TcpProxy(server.host, server.port) as proxy:
            yield RedisPlace(client, proxy, server.password)
    elif request.param == "api":
        with embedded_redis() as running, client_of(running) as client:
            key = ApiKeys(keys_file(running.settings)).make("bot", Scope.READ, NOW)
            with served(running.settings) as address, TcpProxy("127.0.0.1", port_of(address)) as proxy:
                yield ApiPlace(client, proxy, key)
    else:
        with embedded_redis() as running, client_of(running) as client:
            at_ = running.settings
            with TcpProxy(at_.redis_host, at_.redis_port) as proxy:
                yield RedisPlace(client, proxy, running.password.get_secret_value())


def opened(place: SignalPlace, *pairs: str) -> news.SignalSource:
    """The source of a place once it has been read."""
    source = place.source()
    source.refresh(pairs, NOW)
    assert [source.readable(pair) for pair in pairs] == [True] * len(pairs)
    return source


def test_every_field_and_every_revision_arrives_as_it_was_written(place: SignalPlace) -> None:
    place.put(*SIGNALS)
    found = opened(place, PAIR).signals(PAIR)
    by = ["available_at", "article_id", "model", "revision"]
    expected = news.signals_frame(SIGNALS).sort_values(by, ignore_index=True)
    pd.testing.assert_frame_equal(found.sort_values(by, ignore_index=True), expected)


@pytest.mark.parametrize("order", [1, -1], ids=["in_order", "reversed"])
def test_candles_see_the_same_news_in_whatever_order_it_was_written(place: SignalPlace, order: int) -> None:
    place.put(*SIGNALS[::order])
    found = columns_at(opened(place, PAIR), PAIR, CANDLES)
    expected = news.sentiment_columns(
        news.signals_frame(SIGNALS),
        CANDLES,
        pd.Timedelta(minutes=15).to_pytimedelta(),
        staleness=news.STALENESS,
        half_life=news.HALF_LIFE,
        last_unreadable=False,
        confidence_above=0.2,
    )
    pd.testing.assert_frame_equal(found, expected)
    assert found["sentiment"].nunique() >= 4  # the candles do see different news


def test_a_signal_that_is_there_twice_counts_once(place: SignalPlace) -> None:
    place.put(SIGNALS[0], SIGNALS[0])
    source = opened(place, PAIR)
    assert articles(source, PAIR) == ["a1"]
    assert columns_at(source, PAIR, opens(0))["sentiment_aggregate_signals"].tolist() == [1]


def test_a_pair_without_signals_has_an_empty_frame_of_the_same_types(place: SignalPlace) -> None:
    place.put(*SIGNALS)
    nothing = opened(place, PAIR, ETH).signals(ETH)
    assert nothing.empty
    pd.testing.assert_frame_equal(nothing, news.signals_frame([]))


def test_the_names_that_have_signals_are_the_scored_ones_and_entries_are_open(place: SignalPlace) -> None:
    place.put(*SIGNALS, signal("c1", pair="SOL"))
    source = opened(place, PAIR)
    assert source.scored == frozenset({PAIR, "SOL"})
    assert (source.entries, source.holds) == ("open", ())


@pytest.mark.parametrize(
    ("pair", "name"),
    [
        ("BTC/USDC", "BTC/USDT"),
        ("BTC/USDT:USDT", "BTC/USDT"),
        ("BTC/USDC:USDC", "BTC"),
        ("BTC/EUR", "BTC/TRY"),
        ("1000PEPE/USDT:USDT", "PEPE/USDT"),
    ],
)
def test_a_pair_without_signals_has_those_of_its_asset(place: SignalPlace, pair: str, name: str) -> None:
    place.put(*by_name(SIGNALS, name))
    source = opened(place, pair)
    assert {*source.signals(pair)["pair"]} == {pair}
    pd.testing.assert_frame_equal(
        columns_at(source, pair, CANDLES),
        columns_at(opened(place, name), name, CANDLES),
    )


def test_two_names_of_an_asset_do_not_double_its_news(place: SignalPlace) -> None:
    place.put(*by_name(SIGNALS, "BTC"), *SIGNALS)
    source = opened(place, "BTC/USDC", PAIR)
    for pair in ("BTC/USDC", PAIR):
        assert len(source.signals(pair)) == len(SIGNALS)


def test_a_pair_that_gets_signals_of_its_own_uses_these_from_then_on(place: SignalPlace) -> None:
    mine, other = "BTC/USDC", PAIR
    place.put(signal("before", published=0, pair=other), signal("late", published=300, pair=other))
    place.put(signal("own", published=200, pair=mine))
    source = opened(place, mine, other)
    assert articles(source, mine) == ["before", "own"]
    assert articles(source, other) == ["before", "late"]


def test_other_assets_serve_nobody(place: SignalPlace) -> None:
    names = ["ETH", "BTCUP/USDT", "BTC3L/USDT", "WBTC/USDT", "USDC/BTC"]
    place.put(*(signal("x", pair=name) for name in names))
    source = opened(place, "BTC/USDC", "ETH/BTC")
    assert articles(source, "BTC/USDC") == []
    assert articles(source, "ETH/BTC") == ["x"]


def test_news_that_arrives_while_the_bot_runs_is_seen_by_the_next_loop(live_place: SignalPlace) -> None:
    source = live_place.source()
    source.refresh(["BTC/USDC"], NOW)
    assert articles(source, "BTC/USDC") == []
    live_place.put(SIGNALS[0])
    source.refresh(["BTC/USDC"], NOW)
    assert articles(source, "BTC/USDC") == ["a1"]
    live_place.put(*SIGNALS[1:])
    source.refresh(["BTC/USDC"], NOW)
    assert len(source.signals("BTC/USDC")) == len(SIGNALS)
    assert source.signals("BTC/USDC") is source.signals("BTC/USDC")  # joined only when something is new


def test_a_source_that_goes_away_is_unreadable_until_it_is_back_and_says_so_once(
    live_place: SignalPlace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    live_place.put(*SIGNALS)
    source = opened(live_place, PAIR)
    live_place.vanish()
    for _ in range(3):
        source.refresh([PAIR], NOW)
        assert (source.readable(PAIR), source.entries) == (False, "unknown")
    assert len(source.signals(PAIR)) == len(SIGNALS)  # candles of the past keep what they knew
    live_place.come_back()
    source.refresh([PAIR], NOW)
    assert (source.readable(PAIR), source.entries) == (True, "open")
    said = [record.getMessage() for record in caplog.records]
    assert len([line for line in said if "cannot be read, so there are no entries" in line]) == 1
    assert len([line for line in said if "can be read again" in line]) == 1
    assert len([line for line in said if "cannot be read" in line]) == 1
