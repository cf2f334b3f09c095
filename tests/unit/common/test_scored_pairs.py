"""A pair that was taken out of TRADING_PAIRS goes on being scored for a while: a trade in it may be open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.common.clock import ManualClock
from services.common.scored_pairs import (
    FILE_NAME,
    KEPT_FOR,
    as_text,
    carried_over,
    of_text,
    remembered_pairs,
    unscored_of,
)
from services.common.settings.settings import Settings

NOW = datetime(2026, 11, 29, 4, 0, tzinfo=UTC)


def test_a_pair_that_is_taken_out_is_kept_from_then_on_for_thirty_days_and_no_longer() -> None:
    before = carried_over({}, ["BTC/USDT", "SOL/USDT"], NOW)
    out = carried_over(before, ["BTC/USDT"], NOW + timedelta(days=100))
    assert out == {"BTC/USDT": None, "SOL/USDT": NOW + timedelta(days=100)}
    still = carried_over(out, ["BTC/USDT"], NOW + timedelta(days=100) + KEPT_FOR - timedelta(seconds=1))
    assert still == out
    assert carried_over(out, ["BTC/USDT"], NOW + timedelta(days=100) + KEPT_FOR) == {"BTC/USDT": None}


def test_a_pair_that_is_put_back_is_as_any_other() -> None:
    assert carried_over({"SOL/USDT": NOW}, ["SOL/USDT"], NOW) == {"SOL/USDT": None}


def test_what_is_written_is_read_again() -> None:
    scored = {"BTC/USDT": None, "SOL/USDT": NOW}
    assert of_text(as_text(scored)) == scored


@pytest.mark.parametrize("text", ["", "[]", '{"no pair": null}', '{"BTC/USDT": "yesterday"}'])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="validation error"):
        of_text(text)


def test_a_restart_with_a_pair_less_goes_on_scoring_it(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    folder = tmp_path / "state"
    first = Settings(state_dir=folder, trading_pairs=("BTC/USDT", "SOL/USDT"))
    assert remembered_pairs(first, clock) == ("BTC/USDT", "SOL/USDT")
    second = Settings(state_dir=folder, trading_pairs=("BTC/USDT",))
    assert remembered_pairs(second, clock) == ("BTC/USDT", "SOL/USDT")
    clock.advance(KEPT_FOR.total_seconds())
    assert remembered_pairs(second, clock) == ("BTC/USDT",)
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


def test_a_file_that_cannot_be_used_costs_no_configured_pair(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path, trading_pairs=("BTC/USDT",))
    (tmp_path / FILE_NAME).write_text("damaged")
    assert remembered_pairs(settings, ManualClock(NOW)) == ("BTC/USDT",)
    (tmp_path / FILE_NAME).unlink()
    (tmp_path / FILE_NAME).mkdir()
    assert remembered_pairs(settings, ManualClock(NOW)) == ("BTC/USDT",)


def test_an_asset_is_scored_announced_and_kept_as_a_pair_is(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    first = Settings(state_dir=tmp_path, trading_pairs=("BTC/USDT", "SOL"))
    assert remembered_pairs(first, clock) == ("BTC/USDT", "SOL")
    assert remembered_pairs(Settings(state_dir=tmp_path, trading_pairs=("BTC/USDT",)), clock) == (
        "BTC/USDT",
        "SOL",
    )
    assert of_text(as_text({"SOL": None, "BTC/USDT": NOW})) == {"SOL": None, "BTC/USDT": NOW}


def test_a_pair_is_unscored_if_nothing_of_its_asset_is_scored() -> None:
    pairs = ["SOL/USDC", "BTC/USDC:USDC", "1000PEPE/USDT", "ETH/BTC", "BTCUP/USDT"]
    assert unscored_of(pairs, {"SOL": None, "BTC/USDT": NOW, "PEPE/USDT": None}) == ["ETH/BTC", "BTCUP/USDT"]
