"""Which signals count by kind of event, source and scope."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptoboy_sentiment import signals_frame

from services.common.errors import StopProgram
from services.research.backtest.inputs import read_inputs
from services.research.backtest.plan import Plan
from services.research.backtest.selection import Selection
from tests.support.strategy.strategy_samples import NOON, signal, wavy_candles, write_csv

FILE = Path("news.csv")
SIGNALS = signals_frame(
    [
        signal("a", event_type="hack", source="The Ledger"),
        signal("b", event_type="delisting", source="Blockpost", scope="market"),
        signal("c", source="Blockpost"),
    ]
)


def chosen(**options: object) -> list[str]:
    return list(Selection(**options).of(SIGNALS, FILE)["article_id"])  # type: ignore[arg-type]  # by name


def test_without_a_choice_every_signal_counts() -> None:
    assert chosen() == ["a", "b", "c"]
    assert Selection().words == ""


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({"events": ("hack", "delisting")}, ["a", "b"]),
        ({"sources": ("blockpost",)}, ["b", "c"]),
        ({"scope": "market"}, ["b"]),
        ({"scope": "asset"}, ["a", "c"]),
        ({"events": ("other",), "sources": ("Blockpost",), "scope": "asset"}, ["c"]),
    ],
)
def test_only_signals_that_every_option_names_count(options: dict[str, object], left: list[str]) -> None:
    assert chosen(**options) == left


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"events": ("hacks",)}, "--events: there is no 'hacks'; did you mean hack?"),
        (
            {"sources": ("blockpots",)},
            "--sources: there is no 'blockpots' in news.csv; did you mean blockpost?",
        ),
    ],
)
def test_a_kind_or_a_source_that_does_not_exist_is_refused_with_the_nearest(
    options: dict[str, object], words: str
) -> None:
    with pytest.raises(StopProgram) as stopped:
        chosen(**options)
    assert words in str(stopped.value)


def test_a_choice_that_leaves_no_signal_is_refused_with_what_there_is() -> None:
    with pytest.raises(StopProgram) as stopped:
        chosen(events=("depeg",), scope="market")
    assert str(stopped.value).startswith(
        "--events depeg --scope market leaves none of the 3 signals in news.csv"
    )
    assert "1 hack" in str(stopped.value)
    assert "2 asset" in str(stopped.value)


def test_signals_of_the_period_by_the_choice_are_asked_for_and_lines_are_those_of_the_file(
    tmp_path: Path,
) -> None:
    hour = timedelta(hours=1)
    wavy_candles(200, step=hour).to_feather(tmp_path / "BTC_USDT-1h.feather")
    rows = [
        signal("a", published=60),
        signal("b", published=120, event_type="hack"),
        signal("late", published=60 * 500, event_type="hack"),
    ]
    plan = Plan(tmp_path, write_csv(tmp_path / "news.csv", rows), "1h", NOON, NOON + 200 * hour)
    plan = replace(plan, selection=Selection(events=("hack",)))
    inputs = read_inputs(plan)
    assert list(inputs.signals["article_id"]) == ["b", "late"]
    assert (
        "1 of 2 signals lie outside the candles and are never seen, the first in line 4 of news.csv"
        in inputs.notes[0]
    )
    with pytest.raises(StopProgram, match="no signal of BTC/USDT by --events hack available from"):
        read_inputs(replace(plan, start=NOON + 10 * hour))
