"""Cutting off everything after a candle leaves the strategy's row at that candle as it was."""

from __future__ import annotations

from copy import copy
from pathlib import Path

import pytest
from freqtrade.enums import RunMode
from LLMSentimentStrategy import LLMSentimentStrategy

from tests.support.strategy.lookahead_checks import (
    WARM_UP,
    exits_at,
    rows_of,
    started,
    truncation_differences,
)
from tests.support.strategy.lookahead_leaks import UrgentExits
from tests.support.strategy.lookahead_world import PAIRS, World, close_of, make_world

COUNT = WARM_UP + 400
CUTS = range(WARM_UP, COUNT, 7)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"), COUNT, seed=3)


class ByAggregate(LLMSentimentStrategy):
    """Enters and leaves by the aggregate. A parameter belongs to its class, so these are of its own."""

    buy_sentiment_from = copy(LLMSentimentStrategy.buy_sentiment_from)
    sell_sentiment_from = copy(LLMSentimentStrategy.sell_sentiment_from)

    def bot_start(self, **_kwargs: object) -> None:
        super().bot_start()
        self.buy_sentiment_from.value = self.sell_sentiment_from.value = "aggregate"


def test_no_row_and_no_exit_by_urgent_news_knows_what_comes_after_it(world: World, tmp_path: Path) -> None:
    assert len(CUTS) >= 50
    candles = world.candles[PAIRS[0]]
    assert truncation_differences(UrgentExits, candles, world.signals(), CUTS, tmp_path) == []

    history = started(UrgentExits, RunMode.BACKTEST, sentiment_csv=str(world.history))
    exits = [exits_at(history, PAIRS[0], close_of(candles, cut)) for cut in CUTS]
    assert (
        len({tuple(one.values()) for one in exits if any(one.values())}) > 3
    )  # or there was nothing to know


def test_no_row_knows_what_comes_after_it_where_the_aggregate_decides(world: World, tmp_path: Path) -> None:
    pair = PAIRS[1]
    found = truncation_differences(
        ByAggregate, world.candles[pair], world.signals(), CUTS, tmp_path, pair=pair
    )
    assert found == []


@pytest.mark.parametrize("strategy", [LLMSentimentStrategy, ByAggregate])
def test_there_is_something_to_know(world: World, strategy: type[LLMSentimentStrategy]) -> None:
    history = started(strategy, RunMode.BACKTEST, sentiment_csv=str(world.history))
    for pair in PAIRS:
        rows = rows_of(history, pair, world.candles[pair])[WARM_UP:]
        assert {row["sentiment_status"] for row in rows} >= {"fresh", "stale"}
        assert {row["enter_long"] for row in rows} == {0, 1}
        assert any("sentiment" in row["exit_tag"].split()[0] for row in rows if row["exit_long"])
