"""From which price to which price a return is measured."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.forward_returns import entry_opening, microseconds, not_measurable, short
from services.research.candles import Candles
from services.research.study.returns import Prices
from tests.support.research.study_samples import HOUR, START, candles_of

CLOSES = [101.0, 102.0, 104.0, 103.0, 105.0]
EPOCH = datetime(1970, 1, 1, tzinfo=START.tzinfo)


def instants(*times: datetime) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([microseconds(time - EPOCH) for time in times], dtype=np.int64)


def without(candles: Candles, *rows: int) -> Candles:
    frame = candles.frame.drop(index=list(rows)).reset_index(drop=True)
    return Candles(candles.pair, candles.timeframe, candles.path, frame)


def test_a_return_is_from_the_open_of_a_candle_to_the_close_one_horizon_later() -> None:
    prices = Prices.of(candles_of(CLOSES))
    hour, two = prices.forward_returns(HOUR), prices.forward_returns(2 * HOUR)
    assert hour[0] == pytest.approx(1.0)  # 100 to 101
    assert two[1] == pytest.approx((104 / 101 - 1) * 100)
    assert not np.isnan(hour).any()
    assert np.isnan(two).tolist() == [False] * 4 + [True]  # its end lies beyond the last candle


def test_the_entry_is_the_first_candle_that_opens_at_or_after_the_signal() -> None:
    prices = Prices.of(candles_of(CLOSES))
    second = timedelta(seconds=1)
    rows = prices.entry_rows(instants(START, START + second, START + HOUR - second, START + HOUR))
    assert rows.tolist() == [0, 1, 1, 1]


@given(minutes=st.integers(-600, 600))
def test_no_entry_lies_before_the_signal_or_a_candle_after_it(minutes: int) -> None:
    prices = Prices.of(without(candles_of(CLOSES), 2))
    time = instants(START + timedelta(minutes=minutes))
    row = prices.entry_rows(time)[0]
    if row >= 0:
        assert 0 <= prices.opens[row] - time[0] < prices.candle
    else:
        there = prices.opens - time[0]
        assert not ((there >= 0) & (there < prices.candle)).any()


@given(minutes=st.integers(-600, 600))
def test_for_one_signal_and_for_many_the_entry_is_the_same_candle(minutes: int) -> None:
    prices = Prices.of(candles_of(CLOSES))
    time = instants(START + timedelta(minutes=minutes))
    opening = entry_opening(int(time[0]), prices.candle)
    row = prices.entry_rows(time)[0]
    assert (opening == prices.opens[row]) if row >= 0 else (opening not in prices.opens)


def test_where_candles_are_missing_there_is_no_entry_and_no_exit() -> None:
    prices = Prices.of(without(candles_of(CLOSES), 2))
    in_the_gap = prices.entry_rows(instants(START + HOUR + timedelta(minutes=1), START + 2 * HOUR))
    assert in_the_gap.tolist() == [-1, -1]
    assert np.isnan(prices.forward_returns(2 * HOUR)[1])  # would close with the missing candle
    assert prices.forward_returns(3 * HOUR)[1] == pytest.approx((103 / 101 - 1) * 100)


def test_after_the_last_candle_there_is_no_entry() -> None:
    assert Prices.of(candles_of(CLOSES)).entry_rows(instants(START + 5 * HOUR)).tolist() == [-1]


def test_a_horizon_that_candles_cannot_tell_is_refused_and_never_approximated() -> None:
    quarter = timedelta(minutes=15)
    assert not_measurable(quarter, HOUR) == "shorter than one candle of 1h"
    assert not_measurable(timedelta(hours=4), timedelta(hours=3)) == "no whole number of candles of 3h"
    assert not_measurable(quarter, quarter) is None
    assert not_measurable(timedelta(0), HOUR) is None
    with pytest.raises(ValueError, match="a horizon of 15m is shorter than one candle of 1h"):
        Prices.of(candles_of(CLOSES)).forward_returns(quarter)


def test_quarter_hour_candles_tell_a_quarter_of_an_hour() -> None:
    prices = Prices.of(candles_of(CLOSES, timeframe="15m"))
    assert prices.forward_returns(timedelta(minutes=15))[0] == pytest.approx(1.0)
    assert prices.forward_returns(HOUR)[0] == pytest.approx(3.0)


def test_lengths_are_written_as_timeframes_are() -> None:
    lengths = [timedelta(minutes=minutes) for minutes in (0, 15, 60, 90, 1440)]
    assert [short(length) for length in lengths] == ["0m", "15m", "1h", "90m", "24h"]
