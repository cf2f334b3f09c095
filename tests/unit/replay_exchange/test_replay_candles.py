from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest

from services.common.errors import StopProgram
from services.replay_exchange.candles import load_candles, no_candles
from services.replay_exchange.replay import BUNDLED_CANDLES
from tests.support.market.replay_samples import RECORDED, rising_bars, series_of, write_feather


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = series_of(rising_bars(30), missing=[7, 8])
    write_feather(written, tmp_path)
    read = load_candles(tmp_path, "1m")["BTC/USDT"]
    for column in ("opens", "open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(read, column), getattr(written, column))
    assert (read.start_ms, read.end_ms) == (RECORDED, RECORDED + 30 * 60_000)


@pytest.mark.parametrize("unit", ["ns", "us", "ms"])
def test_dates_of_any_unit_are_read(tmp_path: Path, unit: Literal["ns", "us", "ms"]) -> None:
    path = write_feather(series_of(rising_bars(3)), tmp_path)
    frame = pd.read_feather(path)
    frame.assign(date=frame["date"].dt.as_unit(unit)).to_feather(path)
    assert load_candles(tmp_path, "1m")["BTC/USDT"].opens.tolist() == [
        RECORDED + i * 60_000 for i in range(3)
    ]


def test_only_the_timeframe_and_pairs_asked_for_are_read(tmp_path: Path) -> None:
    write_feather(series_of(rising_bars(3)), tmp_path)
    write_feather(series_of(rising_bars(3), pair="ETH/USDT"), tmp_path)
    write_feather(series_of(rising_bars(3), pair="BNB/USDT", base_ms=3_600_000), tmp_path, "1h")
    assert set(load_candles(tmp_path, "1m")) == {"BTC/USDT", "ETH/USDT"}
    assert set(load_candles(tmp_path, "1m", ["ETH/USDT"])) == {"ETH/USDT"}
    assert set(load_candles(tmp_path, "1h")) == {"BNB/USDT"}


def test_a_directory_without_the_timeframe_says_which_it_has(tmp_path: Path) -> None:
    write_feather(series_of(rising_bars(3), base_ms=3_600_000), tmp_path, "1h")
    with pytest.raises(StopProgram, match="--timeframe from 1h"):
        load_candles(tmp_path, "1m")


def test_an_unknown_pair_says_which_are_there(tmp_path: Path) -> None:
    write_feather(series_of(rising_bars(3)), tmp_path)
    with pytest.raises(StopProgram, match="no 1m candles of DOGE/USDT; it has BTC/USDT"):
        load_candles(tmp_path, "1m", ["DOGE/USDT"])


@pytest.mark.parametrize(("directory", "timeframe"), [("nowhere", "1m"), (".", "7m"), (".", "1m")])
def test_what_cannot_be_loaded_stops_the_program(tmp_path: Path, directory: str, timeframe: str) -> None:
    with pytest.raises(StopProgram):
        load_candles(tmp_path / directory, timeframe)


@pytest.mark.parametrize("content", [b"", b"not feather", b"ARROW1"])
def test_a_file_that_is_no_feather_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "BTC_USDT-1m.feather").write_bytes(content)
    with pytest.raises(StopProgram, match=r"BTC_USDT-1m\.feather is not a candle file"):
        load_candles(tmp_path, "1m")


def test_a_file_without_a_column_and_one_with_gaps_in_it_are_refused(tmp_path: Path) -> None:
    path = write_feather(series_of(rising_bars(3)), tmp_path)
    whole = pd.read_feather(path)
    whole.drop(columns="volume").to_feather(path)
    with pytest.raises(StopProgram, match="not a candle file"):
        load_candles(tmp_path, "1m")
    whole.assign(close=whole["close"].where(whole["close"] > 101)).to_feather(path)
    with pytest.raises(StopProgram, match="rows with empty values"):
        load_candles(tmp_path, "1m")


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    path = write_feather(series_of(rising_bars(3)), tmp_path)
    pd.read_feather(path).iloc[:0].to_feather(path)
    with pytest.raises(StopProgram, match="has no rows"):
        load_candles(tmp_path, "1m")


@pytest.mark.parametrize(
    ("column", "values", "problem"),
    [
        ("opens", [RECORDED, RECORDED, RECORDED + 60_000], "order of time"),
        ("opens", [RECORDED + 1, RECORDED + 60_001, RECORDED + 120_001], "whole multiples"),
        ("high", [1.0, 1.0, 1.0], "inside the body"),
        ("low", [200.0, 200.0, 200.0], "inside the body"),
        ("low", [0.0, 99.0, 99.0], "zero or less"),
        ("volume", [1.0, -1.0, 1.0], "negative"),
        ("close", [101.0, float("nan"), 103.0], "empty or infinite"),
        ("high", [float("inf"), 103.5, 104.5], "empty or infinite"),
    ],
)
def test_columns_that_are_no_candles_are_refused(column: str, values: list[float], problem: str) -> None:
    good = series_of(rising_bars(3))
    columns: dict[str, Any] = {column: np.array(values, dtype=getattr(good, column).dtype)}
    with pytest.raises(StopProgram, match=problem):
        replace(good, **columns)


def test_decimal_places_come_from_the_recording() -> None:
    series = series_of(rising_bars(3))
    assert (series.price_places, series.volume_places) == (2, 1)
    assert (no_candles("SOL/USDT").price_places, no_candles("SOL/USDT").volume_places) == (2, 5)


def test_a_series_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        series_of(rising_bars(3)).close[0] = 1.0


def test_the_bundled_candles_are_two_weeks_without_a_gap_in_at_most_two_megabytes() -> None:
    series = load_candles(BUNDLED_CANDLES, "1m")
    assert set(series) == {"BTC/USDT", "ETH/USDT", "BNB/USDT"}
    for one in series.values():
        assert one.opens.size == 14 * 24 * 60
        assert one.end_ms - one.start_ms == 14 * 24 * 3_600_000
    assert sum(path.stat().st_size for path in BUNDLED_CANDLES.iterdir()) <= 2_000_000
