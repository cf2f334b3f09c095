"""The candle files of a directory: names, places and formats."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from services.common.errors import StopProgram
from services.replay_exchange.candle_files import Kind, find_candle_files, read_columns
from services.replay_exchange.candles import load_candles
from services.replay_exchange.intervals import HOUR_MS, MINUTE_MS, WEEK_MS
from tests.support.market.replay_samples import RECORDED, rising_bars, series_of, write_feather

SERIES = series_of(rising_bars(5))


def rows() -> list[list[float]]:
    columns = (SERIES.opens, SERIES.open, SERIES.high, SERIES.low, SERIES.close, SERIES.volume)
    return [list(row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def write(folder: Path, suffix: str) -> Path:
    """The series in a format of Freqtrade, or as CSV."""
    path = folder / f"BTC_USDT-1m{suffix}"
    if suffix == ".json":
        path.write_text(json.dumps(rows()))
    elif suffix == ".json.gz":
        path.write_bytes(gzip.compress(json.dumps(rows()).encode()))
    else:
        frame = pd.read_feather(write_feather(SERIES, folder))
        if suffix == ".parquet":
            frame.to_parquet(path)
        else:
            frame.to_csv(path, index=False)
        (folder / "BTC_USDT-1m.feather").unlink()
    return path


@pytest.mark.parametrize("suffix", [".json", ".json.gz", ".parquet", ".csv"])
def test_each_format_gives_the_same_candles_as_feather(tmp_path: Path, suffix: str) -> None:
    write(tmp_path, suffix)
    read = load_candles(tmp_path, "1m")["BTC/USDT"]
    for column in ("opens", "open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(read, column), getattr(SERIES, column))


def test_dates_of_a_csv_may_be_milliseconds(tmp_path: Path) -> None:
    lines = ["date,open,high,low,close,volume", f"{RECORDED},1,3,0.5,2,10"]
    (tmp_path / "BTC_USDT-1m.csv").write_text("\n".join(lines))
    assert load_candles(tmp_path, "1m")["BTC/USDT"].opens.tolist() == [RECORDED]


@pytest.mark.parametrize("suffix", [".json", ".json.gz", ".parquet", ".csv", ".feather"])
@pytest.mark.parametrize("content", [b"", b"[[1, 2], [3]]", b'{"a": 1}'])
def test_a_broken_file_of_any_format_is_named(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"BTC_USDT-1m{suffix}"
    path.write_bytes(content)
    with pytest.raises(StopProgram, match=path.name):
        read_columns(path)


def test_the_columns_of_a_file_that_are_no_candles_are_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "BTC_USDT-1m.json"
    path.write_text(json.dumps([[RECORDED, 1, 0.5, 2, 1, 1]]))
    with pytest.raises(StopProgram, match=r"BTC_USDT-1m\.json: .*inside the body"):
        load_candles(tmp_path, "1m")


def test_files_lie_in_the_directory_or_in_the_folder_of_the_one_exchange_of_a_user_data_folder(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data" / "kraken"
    data.mkdir(parents=True)
    write_feather(SERIES, data)
    for place in (data, data.parent, tmp_path):
        assert [file.pair for file in find_candle_files(place)] == ["BTC/USDT"]
    (tmp_path / "data" / "binance").mkdir()
    write_feather(SERIES, tmp_path / "data" / "binance")
    with pytest.raises(StopProgram, match=r"several exchanges; name one of .*binance.*kraken"):
        find_candle_files(tmp_path)


def test_contracts_are_read_from_their_folder_beside_spot(tmp_path: Path) -> None:
    write_feather(SERIES, tmp_path)
    (tmp_path / "futures").mkdir()
    whole = write_feather(SERIES, tmp_path / "futures")
    for name in ("ETH_USDT_USDT-1m-futures", "ETH_USDT_USDT-1h-mark", "BTC_USD_BTC-1m-futures"):
        (tmp_path / "futures" / f"{name}.feather").write_bytes(whole.read_bytes())
    whole.unlink()
    found = {(file.pair, file.timeframe, file.kind) for file in find_candle_files(tmp_path)}
    assert found == {
        ("BTC/USDT", "1m", Kind.SPOT),
        ("ETH/USDT:USDT", "1m", Kind.FUTURES),
        ("ETH/USDT:USDT", "1h", Kind.MARK),
    }
    assert set(load_candles(tmp_path, None)) == {"BTC/USDT", "ETH/USDT:USDT"}
    assert set(load_candles(tmp_path, None, ["ETH/USDT"])) == {"ETH/USDT:USDT"}


def test_without_a_timeframe_the_shortest_candles_of_each_pair_are_read(tmp_path: Path) -> None:
    write_feather(series_of(rising_bars(3), base_ms=HOUR_MS), tmp_path, "1h")
    write_feather(SERIES, tmp_path)
    write_feather(series_of(rising_bars(3), pair="ADA/EUR", base_ms=HOUR_MS), tmp_path, "1h")
    found = load_candles(tmp_path, None)
    assert {pair: one.base_ms for pair, one in found.items()} == {"ADA/EUR": HOUR_MS, "BTC/USDT": MINUTE_MS}


def test_weeks_open_on_mondays(tmp_path: Path) -> None:
    write_feather(series_of(rising_bars(3), base_ms=WEEK_MS), tmp_path, "1w")
    assert load_candles(tmp_path, None)["BTC/USDT"].opens.tolist() == [
        RECORDED + n * WEEK_MS for n in range(3)
    ]
