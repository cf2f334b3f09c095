"""Whose signals serve a pair depends only on names and on what came before."""

from __future__ import annotations

import random
from datetime import timedelta

import cryptoboy_sentiment as news
import pandas as pd
import pytest
from cryptoboy_sentiment.assets import asset_of, combined, serving_order, usual_names

from tests.support.strategy.strategy_samples import at, signal

HOUR = 60.0


@pytest.mark.parametrize(
    ("name", "asset"),
    [
        ("BTC", "BTC"),
        ("BTC/USDT", "BTC"),
        ("BTC/USDC:USDC", "BTC"),
        ("BTC/USDT:USDT-260327", "BTC"),
        ("ETH/BTC", "ETH"),
        ("1000PEPE/USDT:USDT", "PEPE"),
        ("10000LADYS/USDT:USDT", "LADYS"),
        ("1MBABYDOGE/USDT", "BABYDOGE"),
        ("kSHIB/USDC:USDC", "SHIB"),
        # These look similar and are assets of their own.
        ("1INCH/USDT", "1INCH"),
        ("1000X/USDT", "1000X"),
        ("100X/USDT", "100X"),
        ("1MIL/USDT", "1MIL"),
        ("KAVA/USDT", "KAVA"),
        ("BTCUP/USDT", "BTCUP"),
        ("BTC3L/USDT", "BTC3L"),
        ("ETHBULL/USDT", "ETHBULL"),
        ("WBTC/BTC", "WBTC"),
    ],
)
def test_a_name_is_about_the_asset_that_is_bought(name: str, asset: str) -> None:
    assert asset_of(name) == asset


def test_the_order_of_names_is_the_same_whatever_other_names_there_are() -> None:
    names = ["BTC/EUR", "BTC/BRL", "BTC/USDC", "BTC", "BTC/USDT:USDT", "BTC/USDT", "ETH/BTC", "ETH"]
    whole = serving_order("BTC/USDC:USDC", names)
    assert whole == (
        "BTC/USDC:USDC",
        "BTC/USDC",
        "BTC",
        "BTC/USDT",
        "BTC/USDT:USDT",
        "BTC/EUR",
        "BTC/BRL",
    )
    for count in range(len(names)):
        part = serving_order("BTC/USDC:USDC", names[count:])
        assert part == tuple(name for name in whole if name in part)


def test_names_that_are_only_looked_for_are_few_and_begin_with_the_pair() -> None:
    assert usual_names("BTC/USDC:USDC")[:4] == ("BTC/USDC:USDC", "BTC/USDC", "BTC", "BTC/USDT")
    assert len(usual_names("BTC/USDC:USDC")) <= 8
    assert usual_names("SOL") == (
        "SOL",
        *(f"SOL/{quote}" for quote in ("USDT", "USDC", "USD", "FDUSD", "EUR")),
    )


def frames(*names: list[news.Signal]) -> list[pd.DataFrame]:
    return [news.signals_frame(signals) for signals in names]


def counted(*names: list[news.Signal]) -> list[tuple[str, int]]:
    found = combined("BTC/USDC", frames(*names))
    return list(zip(found["article_id"], found["revision"], strict=True))


def of(name: str, article: str, hours: float, revision: int = 0) -> news.Signal:
    return signal(article, published=hours * HOUR - 1, pair=name, revision=revision)


def test_signals_of_its_own_come_first_for_a_day() -> None:
    own = [of("BTC/USDC", "own", 10)]
    other = [of("BTC/USDT", name, hours) for name, hours in (("a", 9), ("b", 10), ("c", 33.9), ("d", 34))]
    assert counted(own, other) == [("a", 0), ("own", 0), ("d", 0)]


def test_a_name_serves_only_while_none_before_it_does() -> None:
    asset, pair = [of("BTC", "of_asset", 5)], [of("BTC/USDT", "early", 1), of("BTC/USDT", "late", 6)]
    assert counted([], asset, pair) == [("early", 0), ("of_asset", 0)]


def test_one_article_counts_once_and_is_corrected_by_either_name() -> None:
    other = [of("BTC/USDT", "a", 1), of("BTC/USDT", "a", 12, revision=1), of("BTC/USDT", "new", 12)]
    own = [of("BTC/USDC", "a", 2), of("BTC/USDC", "a", 20, revision=2)]
    assert counted(own, other) == [("a", 0), ("a", 1), ("a", 2)]


def test_a_pair_with_only_its_own_signals_keeps_their_frame() -> None:
    own, nothing = frames([of("BTC/USDC", "a", 1)], [])
    assert combined("BTC/USDC", [own]) is own
    assert combined("BTC/USDC", [own, nothing]) is own


@pytest.mark.parametrize("seed", range(6))
def test_what_counts_at_a_time_does_not_depend_on_later_signals(seed: int) -> None:
    """The truncation test of look-ahead: with everything after a moment cut off, the past is the same."""
    chance = random.Random(seed)
    names = ("BTC/USDC", "BTC", "BTC/USDT")
    lists = [
        [
            of(name, f"a{chance.randrange(12)}", chance.uniform(0, 120), revision=chance.randrange(3))
            for _ in range(chance.randrange(8))
        ]
        for name in names
    ]
    whole = combined("BTC/USDC", frames(*lists))
    for moment in (at(hours * HOUR) for hours in range(0, 121, 20)):
        cut = [[one for one in signals if one.available_at < moment] for signals in lists]
        known = combined("BTC/USDC", frames(*cut))
        before = whole[whole["available_at"] < moment]
        seen, expected = (news.timeline(found).drop(columns="until") for found in (known, before))
        pd.testing.assert_frame_equal(seen, expected)


@pytest.mark.parametrize("seed", range(4))
def test_a_bot_that_knows_only_what_the_store_keeps_sees_what_a_backtest_sees(seed: int) -> None:
    """Live the store has the last 48 hours; candles decide on the last 24 at most."""
    chance = random.Random(seed)
    lists = [
        [of(name, f"{name}{index}", chance.uniform(0, 240)) for index in range(15)]
        for name in ("BTC/USDC", "BTC", "BTC/USDT")
    ]
    history = combined("BTC/USDC", frames(*lists))
    for now in (at(hours * HOUR) for hours in range(20, 240, 40)):
        kept = [[one for one in part if now - timedelta(hours=48) < one.available_at < now] for part in lists]
        live = combined("BTC/USDC", frames(*kept))
        seen, expected = (
            [
                *found["article_id"][
                    (found["available_at"] > now - timedelta(hours=24)) & (found["available_at"] < now)
                ]
            ]
            for found in (live, history)
        )
        assert seen == expected
