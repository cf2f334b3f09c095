"""What a backtest refuses to run on, and what it only remarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptoboy_sentiment import Signal

from services.common.errors import StopProgram
from services.research.backtest.inputs import Inputs, read_inputs
from services.research.backtest.plan import Plan
from services.research.backtest.strategies.memory import history_in_memory
from tests.support.strategy.strategy_samples import NOON, signal, wavy_candles, write_csv

HOUR = timedelta(hours=1)
END = NOON + 200 * HOUR


def plan(folder: Path, signals: Sequence[Signal], *pairs: str) -> Plan:
    """200 hours of candles of each pair, and these signals."""
    for pair in pairs or ("BTC_USDT", "ETH_USDT"):
        wavy_candles(200, step=HOUR).to_feather(folder / f"{pair}-1h.feather")
    return Plan(folder, write_csv(folder / "history.csv", signals), "1h", NOON, END)


def steady(count: int = 200, *, start: int = 0) -> list[Signal]:
    return [signal(f"a{hour}", published=60 * hour) for hour in range(start, start + count)]


def said(wanted: Plan) -> str:
    with pytest.raises(StopProgram) as stopped:
        read_inputs(wanted)
    return str(stopped.value)


def test_candles_and_signals_that_fit_are_read_without_remarks(tmp_path: Path) -> None:
    inputs: Inputs = read_inputs(plan(tmp_path, steady()))
    assert inputs.pairs == ("BTC/USDT", "ETH/USDT")
    assert inputs.stake_currency == "USDT"
    assert len(inputs.signals) == 200
    assert inputs.notes == ()


def test_pairs_keep_their_order_by_which_freqtrade_enters_them(tmp_path: Path) -> None:
    wanted = replace(plan(tmp_path, steady()), pairs=("ETH/USDT", "BTC/USDT"))
    assert read_inputs(wanted).pairs == ("ETH/USDT", "BTC/USDT")


@pytest.mark.parametrize("end", [NOON, NOON - HOUR])
def test_an_empty_period_is_refused(tmp_path: Path, end: datetime) -> None:
    assert "is empty; expected a start before the end" in said(replace(plan(tmp_path, steady()), end=end))


def test_a_period_without_candles_names_the_file_and_what_it_has(tmp_path: Path) -> None:
    away = timedelta(days=400)
    wanted = replace(plan(tmp_path, steady()), start=NOON + away, end=END + away)
    assert "BTC_USDT-1h.feather has no candles from" in said(wanted)


def test_a_period_of_a_few_candles_is_refused(tmp_path: Path) -> None:
    assert "expected at least 8" in said(replace(plan(tmp_path, steady()), end=NOON + 3 * HOUR))


def test_a_pair_without_candles_names_the_file_that_is_missing(tmp_path: Path) -> None:
    wanted = replace(plan(tmp_path, steady()), pairs=("BTC/USDT", "SOL/USDT"))
    assert "no 1h candles of SOL/USDT; expected SOL_USDT-1h.feather" in said(wanted)


def test_a_directory_that_does_not_exist_is_named(tmp_path: Path) -> None:
    assert "nowhere is not a directory" in said(
        replace(plan(tmp_path, steady()), candles=tmp_path / "nowhere")
    )


def test_pairs_of_several_currencies_are_refused(tmp_path: Path) -> None:
    assert "expected pairs of one currency" in said(plan(tmp_path, steady(), "BTC_USDT", "ETH_BTC"))


def test_signals_that_all_lie_outside_the_candles_are_refused_by_file_and_line(tmp_path: Path) -> None:
    sentence = said(plan(tmp_path, steady(start=300)))
    assert "history.csv, line 2: available_at is 2025-06-15T00:01:00+00:00" in sentence
    assert "expected signals from 2025-06-02T12:00:00+00:00 to 2025-06-10T20:00:00+00:00" in sentence


def test_signals_of_no_traded_pair_are_refused(tmp_path: Path) -> None:
    signals = [signal(f"a{hour}", published=60 * hour, pair="SOL/USDT") for hour in range(9)]
    assert "no signal of BTC/USDT, ETH/USDT" in said(plan(tmp_path, signals))


def test_signals_outside_the_period_are_refused_though_the_candles_have_them(tmp_path: Path) -> None:
    wanted = replace(plan(tmp_path, steady(50)), start=NOON + 100 * HOUR)
    assert "has no signal of BTC/USDT, ETH/USDT available from" in said(wanted)


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    assert "has no rows after its header" in said(plan(tmp_path, []))


def test_a_second_row_of_the_same_signal_is_refused(tmp_path: Path) -> None:
    assert "history.csv, line 202: article_id a199" in said(plan(tmp_path, [*steady(), steady()[-1]]))


def test_some_signals_outside_the_candles_are_remarked_with_the_first_line(tmp_path: Path) -> None:
    (note,) = read_inputs(plan(tmp_path, steady(203))).notes
    assert note.startswith(
        "3 of 203 signals lie outside the candles and are never seen, the first in line 202"
    )


def test_silence_at_either_end_of_the_period_is_remarked(tmp_path: Path) -> None:
    notes = read_inputs(plan(tmp_path, steady(100, start=50))).notes
    assert [note.split(":")[0][:24] for note in notes] == [
        "There is no news before ",
        "There is no news after 2",
    ]


def test_candles_that_cover_a_part_of_the_period_are_remarked(tmp_path: Path) -> None:
    notes = read_inputs(replace(plan(tmp_path, steady()), end=END + 5 * HOUR)).notes
    assert [note for note in notes if note.startswith("BTC/USDT has candles only from")]


def test_too_few_controls_to_conclude_from_are_remarked(tmp_path: Path) -> None:
    (note,) = read_inputs(replace(plan(tmp_path, steady()), controls=9)).notes
    assert "p cannot be less than 0.100" in note


def test_a_pair_without_signals_of_its_own_is_tested_on_those_of_its_asset(tmp_path: Path) -> None:
    wanted = plan(tmp_path, [signal("other", pair="ETH"), *steady()], "BTC_USDC")
    inputs = read_inputs(replace(wanted, pairs=("BTC/USDC",)))
    assert inputs.pairs == ("BTC/USDC",)
    assert inputs.notes[0] == "BTC/USDC has no signals of its own and uses those of BTC/USDT."
    assert inputs.notes[1] == "1 signals are of pairs that are not traded here: ETH."
    counted = history_in_memory(inputs.signals).signals("BTC/USDC")
    assert list(counted["article_id"]) == [f"a{hour}" for hour in range(200)]
