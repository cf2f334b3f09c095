"""What the history has of a bot is what its strategy decided on, candle by candle."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.pipeline.recorded_bot import (
    assert_the_export_gives_what_was_seen,
    decided,
    of_news,
    recorded,
    recorded_bot,
)
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PAIRS = ("BTC/USDT", "ETH/USDT")
SPEED = 20.0  # a candle takes three seconds


def test_the_history_has_each_row_that_the_strategy_decided_on_and_no_other(tmp_path: Path) -> None:
    with recorded_bot(tmp_path, PAIRS, SPEED, seconds=300) as run:
        eventually(lambda: all(recorded(run.settings, pair) for pair in PAIRS))
        caught_up = {pair: recorded(run.settings, pair).keys() for pair in PAIRS}
        run.say("good", PAIRS[0], 0.9)
        eventually(
            lambda: all(len(recorded(run.settings, pair)) >= len(caught_up[pair]) + 2 for pair in PAIRS)
        )
        run.stop("history_recorder")
        before = {pair: recorded(run.settings, pair).keys() for pair in PAIRS}
        run.say("bad", PAIRS[0], -0.8)
        run.wait_for_candles(len(run.seen()) // len(PAIRS) + 2, seconds=120)
        run.start("history_recorder")
        eventually(lambda: all(len(recorded(run.settings, pair)) > len(before[pair]) for pair in PAIRS))
        missed = {
            pair: caught_up[pair] | (recorded(run.settings, pair).keys() - before[pair]) for pair in PAIRS
        }
        run.wait_for_candles(len(run.seen()) // len(PAIRS) + 2, seconds=120)
        for pair in PAIRS:
            rows = decided(run, pair)
            eventually(lambda pair=pair, rows=rows: rows.keys() <= recorded(run.settings, pair).keys())  # type: ignore[misc]
            found = recorded(run.settings, pair)
            assert {date for date in found if date <= max(rows)} - missed[pair] <= rows.keys()
            for date, row in rows.items():
                if date in missed[pair]:  # Freqtrade may have corrected the candle meanwhile
                    assert of_news(found[date].values) == of_news(row), (pair, date)
                else:
                    assert found[date].values == row, (pair, date)
        assert {0.9, -0.8} <= {row["sentiment"] for row in decided(run, PAIRS[0]).values()}
        assert_the_export_gives_what_was_seen(run)
