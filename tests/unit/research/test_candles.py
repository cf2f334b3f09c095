"""Reading a directory of candles: what is accepted, and what each refusal says."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from services.common.errors import StopProgram
from services.research.candles import CandleFile, Gap, list_candles, load_candles, read_candles

START = datetime(2025, 5, 1, tzinfo=UTC)


def candle_frame(rows: int = 5) -> pd.DataFrame:
    price = np.arange(100.0, 100.0 + rows)
    return pd.DataFrame(
        {
            "date": pd.date_range(START, periods=rows, freq="1h", unit="ns"),
            "open": price,
            "high": price + 2,
            "low": price - 2,
            "close": price + 1,
            "volume": np.full(rows, 3.0),
        }
    )


def write(directory: Path, frame: pd.DataFrame, name: str = "BTC_USDT-1h.feather") -> CandleFile:
    frame.to_feather(directory / name)
    return CandleFile("BTC/USDT", "1h", directory / name)


def refusal(directory: Path, frame: pd.DataFrame) -> str:
    file = write(directory, frame)
    with pytest.raises(StopProgram) as stop:
        read_candles(file)
    assert str(file.path) in str(stop.value)
    return str(stop.value)


def test_candles_come_typed_in_utc_whatever_zone_and_unit_they_were_stored_in(tmp_path: Path) -> None:
    frame = candle_frame().assign(date=lambda f: f["date"].dt.tz_convert("Europe/Berlin"), extra="x")
    frame["volume"] = frame["volume"].astype("int64")

    candles = read_candles(write(tmp_path, frame))

    assert [str(kind) for kind in candles.frame.dtypes] == ["datetime64[us, UTC]", *["float64"] * 5]
    assert list(candles.frame) == ["date", "open", "high", "low", "close", "volume"]
    assert (candles.start, candles.end) == (START, START + timedelta(hours=5))
    assert candles.length == timedelta(hours=1)
    assert candles.gaps == ()


def test_missing_candles_are_reported_and_not_filled_in(tmp_path: Path) -> None:
    frame = candle_frame(10).drop(index=[2, 3, 7]).reset_index(drop=True)

    candles = read_candles(write(tmp_path, frame))

    hour = timedelta(hours=1)
    assert len(candles.frame) == 7
    assert candles.gaps == (
        Gap(START + hour, START + 4 * hour, 2),
        Gap(START + 6 * hour, START + 8 * hour, 1),
    )


def test_a_directory_lists_its_pairs_and_timeframes_and_nothing_else(tmp_path: Path) -> None:
    for name in ("ETH_USDT-15m.feather", "BTC_USDT-1h.feather"):
        write(tmp_path, candle_frame(), name)
    for other in ("BTC_USDT-trades.feather", "BTC_USDT-1h.json", "BTC_USDT_USDT-1h-futures.feather"):
        (tmp_path / other).touch()

    assert [(file.pair, file.timeframe) for file in list_candles(tmp_path)] == [
        ("BTC/USDT", "1h"),
        ("ETH/USDT", "15m"),
    ]


@pytest.mark.parametrize("suffix", ["feather", "parquet", "json", "json.gz", "csv"])
@pytest.mark.parametrize("futures", [False, True])
def test_candles_are_the_same_in_every_format_of_freqtrade_and_as_csv(
    tmp_path: Path, suffix: str, futures: bool
) -> None:
    frame = candle_frame().astype({"date": "datetime64[ms, UTC]"})
    pair = "BTC/USDT:USDT" if futures else "BTC/USDT"
    name = "futures/BTC_USDT_USDT-1h-futures" if futures else "BTC_USDT-1h"
    (tmp_path / "futures").mkdir()
    path = tmp_path / f"{name}.{suffix}"
    if suffix.startswith("json"):
        rows = json.dumps(frame.assign(date=frame["date"].astype("int64")).to_numpy().tolist()).encode()
        path.write_bytes(gzip.compress(rows) if suffix == "json.gz" else rows)
    elif suffix == "csv":
        frame.to_csv(path, index=False)
    else:
        getattr(frame, f"to_{suffix}")(path)
    found = load_candles(tmp_path, "1h", futures=futures)
    assert list(found) == [pair]
    assert list_candles(tmp_path, futures=not futures) == ()
    pd.testing.assert_frame_equal(found[pair].frame, frame.astype({"date": "datetime64[us, UTC]"}))


def test_a_contract_without_candles_is_refused_with_the_file_that_is_expected(tmp_path: Path) -> None:
    write(tmp_path, candle_frame())
    for pairs, name in ((["SOL/USDT:USDT"], "SOL"), ([], "files such as futures/BTC")):
        with pytest.raises(StopProgram, match=f"{name}_USDT_USDT-1h-futures.feather; it has no candle file"):
            load_candles(tmp_path, "1h", pairs, futures=True)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(StopProgram, match="nowhere is not a directory; expected"):
        list_candles(tmp_path / "nowhere")


def test_a_pair_without_candles_is_refused_with_what_is_there(tmp_path: Path) -> None:
    write(tmp_path, candle_frame())
    with pytest.raises(
        StopProgram, match=r"no 1h candles of SOL/USDT; expected SOL_USDT-1h.feather; it has BTC"
    ):
        load_candles(tmp_path, "1h", ["BTC/USDT", "SOL/USDT"])
    with pytest.raises(StopProgram, match=r"no 15m candles of any pair; .* it has BTC/USDT 1h"):
        load_candles(tmp_path, "15m")


def test_all_pairs_of_a_timeframe_are_loaded_by_name(tmp_path: Path) -> None:
    write(tmp_path, candle_frame(), "ETH_USDT-1h.feather")
    write(tmp_path, candle_frame(), "BTC_USDT-1h.feather")
    assert list(load_candles(tmp_path, "1h")) == ["BTC/USDT", "ETH/USDT"]
    assert list(load_candles(tmp_path, "1h", ["ETH/USDT"])) == ["ETH/USDT"]


def test_a_file_that_is_no_feather_file_is_refused(tmp_path: Path) -> None:
    whole = write(tmp_path, candle_frame()).path.read_bytes()
    for content in (b"", b"date,open\n", whole[: len(whole) // 2]):
        file = CandleFile("BTC/USDT", "1h", tmp_path / "BTC_USDT-1h.feather")
        file.path.write_bytes(content)
        with pytest.raises(StopProgram, match="no readable feather file"):
            read_candles(file)


def test_wrong_columns_are_refused_with_those_found(tmp_path: Path) -> None:
    message = refusal(tmp_path, candle_frame().rename(columns={"close": "last"}))
    assert "no column close; expected date, open, high, low, close, volume, found date, open" in message
    assert "column open is str; expected numbers" in refusal(tmp_path, candle_frame().astype({"open": "str"}))


def test_no_rows_are_refused(tmp_path: Path) -> None:
    assert "no rows" in refusal(tmp_path, candle_frame(0))


def test_times_without_a_zone_are_refused(tmp_path: Path) -> None:
    naive = candle_frame().assign(date=lambda f: f["date"].dt.tz_localize(None))
    assert "expected timestamps in UTC" in refusal(tmp_path, naive)
    assert "expected timestamps in UTC" in refusal(tmp_path, candle_frame().astype({"date": "str"}))


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("date", pd.NaT, "row 3 (NaT): no time"),
        (
            "date",
            START + timedelta(hours=1),
            "row 3 (2025-05-01 01:00:00+00:00): the same time as the row before",
        ),
        (
            "date",
            START - timedelta(hours=1),
            "row 3 (2025-04-30 23:00:00+00:00): earlier than the row before",
        ),
        ("date", START + timedelta(minutes=90), "expected candles of 1h"),
        ("close", np.nan, "row 3 (2025-05-01 02:00:00+00:00): an empty or infinite value"),
        ("high", np.inf, "an empty or infinite value"),
        ("low", 0.0, "a price of zero or less"),
        ("volume", -1.0, "a negative volume"),
        ("high", 102.5, "expected low <= open, close <= high"),
        ("low", 102.5, "expected low <= open, close <= high"),
    ],
)
def test_a_wrong_row_is_refused_by_number(
    tmp_path: Path, column: str, value: datetime | float, expected: str
) -> None:
    frame = candle_frame()
    frame.loc[2, column] = value
    assert expected in refusal(tmp_path, frame)


def test_a_file_without_any_time_is_refused(tmp_path: Path) -> None:
    assert "no time" in refusal(
        tmp_path, candle_frame().assign(date=pd.Series([pd.NaT] * 5, dtype="datetime64[ns, UTC]"))
    )


def test_a_period_holds_its_start_and_not_its_end(tmp_path: Path) -> None:
    candles = read_candles(write(tmp_path, candle_frame()))
    hour = timedelta(hours=1)

    part = candles.between(START + hour, START + 3 * hour)

    assert (part.start, part.end, len(part.frame)) == (START + hour, START + 3 * hour, 2)
    assert list(part.frame.index) == [0, 1]
    assert len(candles.between().frame) == 5


def test_an_empty_period_is_refused_with_the_range_of_the_file(tmp_path: Path) -> None:
    candles = read_candles(write(tmp_path, candle_frame()))
    with pytest.raises(StopProgram, match=r"reaches from 2025-05-01T00:00:00.00:00 to 2025-05-01T05:00"):
        candles.between(START + timedelta(days=1))
