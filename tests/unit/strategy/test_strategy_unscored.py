"""A pair that nobody scores is said once, and is not taken for one without news."""

from __future__ import annotations

import logging

import cryptoboy_sentiment as news
import pytest

SCORED = frozenset({"BTC/USDT"})


def test_each_pair_is_said_once_and_again_only_after_it_was_scored(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    unscored = news.Unscored()
    for _ in range(3):
        assert unscored.look(["BTC/USDT", "SOL/USDT"], SCORED) == {"SOL/USDT"}
    assert unscored.look(["BTC/USDT"], SCORED) == frozenset()  # a pair list that changes
    assert unscored.look(["SOL/USDT", "ADA/USDT"], SCORED) == {"SOL/USDT", "ADA/USDT"}
    assert unscored.look(["SOL/USDT"], SCORED | {"SOL/USDT"}) == frozenset()
    assert unscored.look(["SOL/USDT"], SCORED) == {"SOL/USDT"}
    said = [(each.levelname, each.getMessage().partition(":")[0]) for each in caplog.records]
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
