from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.launch.offline import plan as module
from services.launch.offline.plan import OfflineOptions, make_plan, recorded_time
from services.replay_exchange.intervals import HOUR_MS
from tests.support.market.replay_samples import RECORDED, rising_bars, series_of, write_feather

FIRST = datetime.fromtimestamp(RECORDED / 1000, UTC)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    write_feather(series_of(rising_bars(48), base_ms=HOUR_MS), tmp_path, "1h")
    write_feather(series_of(rising_bars(48), pair="ADA/EUR", base_ms=HOUR_MS), tmp_path, "1h")
    return tmp_path


def test_by_default_a_bot_begins_in_the_middle_and_ends_with_the_candles(recorded: Path) -> None:
    plan = make_plan(OfflineOptions(recorded))
    assert (plan.start, plan.end) == (FIRST + timedelta(hours=24), FIRST + timedelta(hours=48))
    assert list(plan.pairs) == ["ADA/EUR", "BTC/USDT"]
    assert list(plan.contracts) == ["ADA/EUR:EUR", "BTC/USDT:USDT"]


def test_pairs_start_and_end_can_be_chosen(recorded: Path) -> None:
    start, end = FIRST + timedelta(hours=5), FIRST + timedelta(hours=9)
    plan = make_plan(OfflineOptions(recorded, ("ADA/EUR",), start, end))
    assert (list(plan.pairs), plan.start, plan.end) == (["ADA/EUR"], start, end)
    assert recorded_time(plan, start + timedelta(days=900, hours=2), start + timedelta(days=900)) == (
        start + timedelta(hours=2)
    )


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [(-1, None, "outside the candles"), (48, None, "outside the candles"), (5, 5, "not after the start")],
)
def test_times_that_do_not_fit_the_candles_are_refused(
    recorded: Path, start: int, end: int | None, said: str
) -> None:
    until = None if end is None else FIRST + timedelta(hours=end)
    with pytest.raises(StopProgram, match=said):
        make_plan(OfflineOptions(recorded, (), FIRST + timedelta(hours=start), until))


def test_an_empty_directory_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StopProgram, match=r"such as BTC_USDT-1h\.feather"):
        make_plan(OfflineOptions(tmp_path))
    with pytest.raises(StopProgram, match="is not a directory"):
        make_plan(OfflineOptions(tmp_path / "nowhere"))


def test_without_the_library_of_the_clock_candles_move_to_the_present_at_the_speed_of_time(
    recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_library", lambda: None)
    assert not make_plan(OfflineOptions(recorded)).as_recorded
    with pytest.raises(StopProgram, match="--speed 2 needs libfaketime"):
        make_plan(OfflineOptions(recorded, speed=2.0))
