"""The folder of candles for Freqtrade: what was recorded, and longer timeframes built from it."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from services.replay_exchange.candle_folder import make_candle_folder, readable_candles
from services.replay_exchange.intervals import HOUR_MS
from tests.support.market.replay_samples import RECORDED, rising_bars, series_of, write_feather

HOURS = series_of(rising_bars(50), base_ms=HOUR_MS, start_ms=RECORDED + HOUR_MS)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    folder = tmp_path / "recorded"
    folder.mkdir()
    write_feather(HOURS, folder, "1h")
    return folder


def test_longer_candles_are_built_from_whole_recorded_ones(recorded: Path, tmp_path: Path) -> None:
    make_candle_folder(recorded, tmp_path / "made", (), futures=False)
    assert (tmp_path / "made" / "BTC_USDT-1h.feather").is_symlink()
    built = pd.read_feather(tmp_path / "made" / "BTC_USDT-4h.feather")
    # from 01:00 on, so that the first whole four hours open at 04:00, and 51:00 lies within the last ones
    assert built["date"].tolist() == [
        pd.Timestamp(RECORDED + n * 4 * HOUR_MS, unit="ms", tz="UTC") for n in range(1, 12)
    ]
    parts = pd.read_feather(recorded / "BTC_USDT-1h.feather").iloc[3:7]
    first = built.iloc[0]
    assert (first["open"], first["close"]) == (parts["open"].iloc[0], parts["close"].iloc[-1])
    assert (first["high"], first["low"]) == (parts["high"].max(), parts["low"].min())
    assert first["volume"] == pytest.approx(parts["volume"].sum())
    assert not (tmp_path / "made" / "BTC_USDT-30m.feather").exists()
    assert not (tmp_path / "made" / "BTC_USDT-1w.feather").exists()


def test_a_recorded_timeframe_is_not_built(recorded: Path, tmp_path: Path) -> None:
    write_feather(series_of(rising_bars(2), base_ms=4 * HOUR_MS), recorded, "4h")
    make_candle_folder(recorded, tmp_path / "made", (), futures=False)
    assert len(pd.read_feather(tmp_path / "made" / "BTC_USDT-4h.feather")) == 2


def test_other_formats_become_feather(recorded: Path, tmp_path: Path) -> None:
    (recorded / "ETH_EUR-1h.json").write_text(json.dumps([[RECORDED, 1, 3, 0.5, 2, 10]]))
    make_candle_folder(recorded, tmp_path / "made", ["ETH/EUR"], futures=False)
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == ["ETH_EUR-1h.feather"]
    frame = pd.read_feather(tmp_path / "made" / "ETH_EUR-1h.feather")
    assert frame.drop(columns="date").to_numpy().tolist() == [[1, 3, 0.5, 2, 10]]
    assert frame["date"].dt.tz is not None


def test_candles_that_freqtrade_can_read_are_read_where_they_are(recorded: Path) -> None:
    with readable_candles(recorded) as folder:
        assert folder == recorded
        (recorded / "ETH_EUR-1h.json").write_text(json.dumps([[RECORDED, 1, 3, 0.5, 2, 10]]))
    with readable_candles(recorded) as folder:
        assert sorted(path.name for path in folder.iterdir()) == ["BTC_USDT-1h.feather", "ETH_EUR-1h.feather"]
    assert not folder.exists()
    with readable_candles(recorded, futures=True) as folder:
        made = sorted(path.name for path in (folder / "futures").glob("BTC*"))
    assert made == [f"BTC_USDT_USDT-{name}.feather" for name in ("1h-futures", "1h-mark", "8h-mark")]


def test_spot_candles_make_contracts_with_mark_prices(recorded: Path, tmp_path: Path) -> None:
    make_candle_folder(recorded, tmp_path / "made", (), futures=True)
    contracts = tmp_path / "made" / "futures"
    hours = pd.read_feather(recorded / "BTC_USDT-1h.feather")
    for name in ("BTC_USDT_USDT-1h-futures", "BTC_USDT_USDT-1h-mark"):
        assert pd.read_feather(contracts / f"{name}.feather")["open"].tolist() == hours["open"].tolist()
    assert (contracts / "BTC_USDT_USDT-8h-mark.feather").is_file()


def test_a_contract_with_candles_of_its_own_keeps_them(recorded: Path, tmp_path: Path) -> None:
    (recorded / "futures").mkdir()
    own = write_feather(series_of(rising_bars(7), base_ms=HOUR_MS), recorded / "futures", "1h")
    own.rename(own.with_name("BTC_USDT_USDT-1h-futures.feather"))
    make_candle_folder(recorded, tmp_path / "made", (), futures=True)
    assert len(pd.read_feather(tmp_path / "made" / "futures" / "BTC_USDT_USDT-1h-futures.feather")) == 7
