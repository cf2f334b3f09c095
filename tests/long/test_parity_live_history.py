"""The same news and candles, live and as history: the same rows, entries and exits at each candle."""

from __future__ import annotations

from pathlib import Path

import pytest
from freqtrade.enums import RunMode

from services.common.settings.settings import Settings
from tests.support.strategy.lookahead_checks import (
    EVALUATED_AFTER,
    WARM_UP,
    exits_at,
    parity_differences,
    rows_of,
    started,
)
from tests.support.strategy.lookahead_leaks import UrgentExits
from tests.support.strategy.lookahead_world import PAIRS, close_of, make_world
from tests.support.strategy.strategy_samples import NOON, QUARTER

pytestmark = pytest.mark.integration

CANDLES = 500


def test_live_and_history_agree_at_every_candle(redis_settings: Settings, tmp_path: Path) -> None:
    world = make_world(tmp_path, WARM_UP + CANDLES, silent=WARM_UP - 20)
    found = parity_differences(
        {"ours": (UrgentExits, world.history)},
        world,
        redis_settings,
        range(WARM_UP, WARM_UP + CANDLES),
        PAIRS,
    )
    assert found == {"ours": []}

    history = started(UrgentExits, RunMode.BACKTEST, sentiment_csv=str(world.history))
    for pair in PAIRS:  # or there was nothing to agree on
        rows = rows_of(history, pair, world.candles[pair])[WARM_UP:]
        assert len(rows) == CANDLES
        assert any(row["enter_long"] for row in rows)
        assert any(row["exit_tag"].startswith("sentiment") for row in rows)
        corrections = [one for one in world.corrections if one.pair == pair]
        assert len(corrections) > 10
        undecided = [one for one in corrections if (one.available_at - NOON) % QUARTER < EVALUATED_AFTER]
        assert len(undecided) > 2
        exits = [
            exits_at(history, pair, close_of(world.candles[pair], row) + EVALUATED_AFTER)
            for row in range(WARM_UP, WARM_UP + CANDLES)
        ]
        # Some news closes every trade but those that were opened when it was known already.
        assert len({tuple(one.values()) for one in exits if any(one.values())}) > 3
