"""A pair that nobody scores is said once, and is not taken for one without news."""

from __future__ import annotations

import logging

import cryptoboy_sentiment as news
import pytest

SCORED = frozenset({"BTC/USDT"})


def said_of(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(each.levelname, each.getMessage().partition(":")[0]) for each in caplog.records]


def test_each_pair_is_said_once_and_again_only_after_it_was_scored(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    unscored = news.Unscored()
    for _ in range(3):
        assert unscored.look(["BTC/USDT", "SOL/USDT"], SCORED) == {"SOL/USDT"}
    assert unscored.look(["BTC/USDT"], SCORED) == frozenset()  # a pair list that changes
    assert unscored.look(["SOL/USDT", "ADA/USDT"], SCORED) == {"SOL/USDT", "ADA/USDT"}
    assert unscored.look(["SOL/USDT"], SCORED | {"SOL/USDT"}) == frozenset()
    assert unscored.look(["SOL/USDT"], SCORED) == {"SOL/USDT"}
    said = said_of(caplog)
    assert said == [
        ("WARNING", "Nobody scores SOL/USDT"),
        ("WARNING", "Nobody scores ADA/USDT"),
        ("INFO", "SOL/USDT is scored now"),
        ("WARNING", "Nobody scores SOL/USDT"),
    ]


def test_nothing_is_said_while_it_is_not_known(caplog: pytest.LogCaptureFixture) -> None:
    assert news.Unscored().look(["SOL/USDT"], None) == frozenset()
    assert caplog.records == []


def test_a_pair_of_which_there_is_no_news_is_not_one_that_nobody_scores(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert news.Unscored().look(["BTC/USDT"], SCORED) == frozenset()
    assert caplog.records == []


def test_a_pair_that_is_served_by_its_asset_says_so_once_however_often_it_comes_and_goes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    unscored, scored = news.Unscored(), frozenset({"BTC", "BTC/USDT", "PEPE/USDT"})
    for pairs in (["BTC/USDC", "1000PEPE/USDT:USDT"], ["ETH/BTC"], ["BTC/USDC", "BTC/USDT"], ["ETH/BTC"]) * 2:
        assert unscored.look(pairs, scored) == frozenset(pairs) & {"ETH/BTC"}
    quoted = "; news of the currency it is quoted in is not read"
    assert [record.getMessage() for record in caplog.records if record.levelname == "INFO"] == [
        f"1000PEPE/USDT:USDT has no signals of its own and uses those of PEPE/USDT{quoted}",
        f"BTC/USDC has no signals of its own and uses those of BTC{quoted}",
        "BTC/USDT uses its own signals and, after a day without one, those of BTC",
    ]
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        (
            "Nobody scores ETH/BTC: neither it nor ETH nor another pair of ETH is among the TRADING_PAIRS of the "
            "services (the key sentiment_pairs in Redis has them) or in the sentiment CSV. It never has sentiment: no "
            "entry that needs good news is made on it, and bad news neither stops an entry nor closes a trade in it"
        )
    ]


def test_a_change_of_whose_signals_serve_a_pair_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    unscored = news.Unscored()
    for scored in (
        frozenset({"BTC"}),
        frozenset({"BTC", "BTC/USDC"}),
        frozenset({"BTC/USDC"}),
        frozenset({"SOL"}),
    ):
        unscored.look(["BTC/USDC"], scored)
        unscored.look(["BTC/USDC"], scored)
    assert [record.getMessage()[:38] for record in caplog.records] == [
        "BTC/USDC has no signals of its own and",
        "BTC/USDC is scored now",
        "Nobody scores BTC/USDC: neither it nor",
    ]
