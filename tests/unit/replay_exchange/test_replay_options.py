from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.common.clock import to_ms
from services.common.errors import StopProgram
from services.replay_exchange.intervals import DAY_MS, HOUR_MS, MINUTE_MS
from services.replay_exchange.replay import ReplayOptions, prepare
from tests.support.market.replay_samples import RECORDED, rising_bars, series_of, write_feather

NOW = to_ms(datetime(2026, 11, 21, 3, 49, 17, tzinfo=UTC))
START = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)


def test_by_default_the_bundled_candles_stand_in_their_middle_with_whole_days_kept() -> None:
    replay = prepare(ReplayOptions(), NOW)
    assert set(replay.markets) == {"BTCUSDT", "ETHUSDT", "BNBUSDT"}
    assert replay.timeline.shift_ms % DAY_MS == 0
    assert replay.end_ms is not None
    assert 6 * DAY_MS < replay.end_ms - NOW <= 7 * DAY_MS


def test_the_start_asked_for_falls_on_now_by_whole_candles() -> None:
    timeline = prepare(ReplayOptions(start=START), NOW).timeline
    assert timeline.shift_ms % MINUTE_MS == 0
    assert 0 <= timeline.to_recording(NOW) - to_ms(START) < MINUTE_MS


def test_an_anchor_takes_the_place_of_now() -> None:
    anchor = datetime(2027, 1, 1, tzinfo=UTC)
    timeline = prepare(ReplayOptions(start=START, anchor=anchor), NOW).timeline
    assert timeline.to_wall(to_ms(START)) == to_ms(anchor)


def test_an_alignment_keeps_longer_candles_as_recorded() -> None:
    timeline = prepare(ReplayOptions(start=START, align="1h"), NOW).timeline
    assert timeline.shift_ms % HOUR_MS == 0
    assert 0 <= timeline.to_recording(NOW) - to_ms(START) < HOUR_MS


@pytest.mark.parametrize("align", ["45s", "1s", "7m"])
def test_an_alignment_that_is_not_made_of_whole_candles_is_refused(align: str) -> None:
    with pytest.raises(StopProgram, match="--align"):
        prepare(ReplayOptions(align=align), NOW)


def test_all_of_it_can_lie_in_the_past() -> None:
    replay = prepare(ReplayOptions(start=datetime(2026, 4, 7, tzinfo=UTC)), NOW)
    assert replay.end_ms is not None
    assert replay.end_ms < NOW
    assert len(replay.markets["BTCUSDT"].klines("1m", NOW, limit=1000)) == 1000


def test_pairs_are_chosen_from_the_files() -> None:
    assert set(prepare(ReplayOptions(pairs=("ETH/USDT",)), NOW).markets) == {"ETHUSDT"}


def test_markets_need_no_candles() -> None:
    replay = prepare(ReplayOptions(candles=None, pairs=("SOL/USDT", "ADA/BTC")), NOW)
    assert list(replay.markets) == ["SOLUSDT", "ADABTC"]
    assert (replay.end_ms, replay.timeline.shift_ms) == (None, 0)


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(StopProgram, match="nothing to replay"):
        prepare(ReplayOptions(candles=None), NOW)


def test_the_timeframe_of_the_files_is_the_step_of_the_shift(tmp_path: Path) -> None:
    write_feather(series_of(rising_bars(20), base_ms=HOUR_MS), tmp_path, "1h")
    start = datetime.fromtimestamp(RECORDED / 1000, UTC) + timedelta(hours=10)
    replay = prepare(ReplayOptions(candles=tmp_path, timeframe="1h", start=start), NOW)
    assert replay.timeline.shift_ms % HOUR_MS == 0
    assert not replay.markets["BTCUSDT"].offers("1m")


@pytest.mark.parametrize(
    "options",
    [
        {"start": "2026-04-01T12:00:00"},
        {"start": "noon"},
        {"pairs": ["btc-usdt"]},
        {"timeframe": "1x"},
        {"speed": 2},
    ],
)
def test_malformed_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ReplayOptions.model_validate(options)
