from __future__ import annotations

import math
from typing import Any

import pytest

from services.common.errors import NeverWorks
from services.data_ingestor.market.candles import CLOSE_MARGIN_MS, parse_row, read_answer, read_rows

MINUTE = 60_000
T0 = 1_700_000_040_000
GOOD = (T0, 10.0, 12.0, 9.0, 11.0, 5.0)


def changed(index: int, value: Any) -> tuple[Any, ...]:
    return tuple(value if place == index else one for place, one in enumerate(GOOD))


def test_a_row_becomes_a_candle_with_its_figures() -> None:
    candle = parse_row(GOOD, T0)

    assert candle.open_ms == T0
    assert candle.data.model_dump() == {"open": 10.0, "high": 12.0, "low": 9.0, "close": 11.0, "volume": 5.0}


def test_a_candle_in_which_nobody_traded_is_fine() -> None:
    assert parse_row((T0, 10, 10, 10, 10, 0), T0).data.volume == 0


@pytest.mark.parametrize(
    "row",
    [
        (),
        GOOD[:5],
        changed(0, None),
        changed(0, 0),
        changed(0, -1),
        changed(0, math.nan),
        changed(0, math.inf),
        changed(0, "2026"),
        changed(0, True),
        changed(1, math.nan),
        changed(2, math.inf),
        changed(3, 0.0),
        changed(4, -11.0),
        changed(4, None),
        changed(2, 8.0),
        changed(3, 10.5),
        changed(5, -1.0),
        changed(5, math.nan),
        changed(5, None),
    ],
)
def test_a_row_that_is_no_candle_is_refused(row: tuple[Any, ...]) -> None:
    with pytest.raises(NeverWorks):
        parse_row(row, T0)


def test_a_candle_from_the_future_is_refused_and_its_time_not_believed() -> None:
    candles, refused = read_rows([GOOD], T0 - 2 * MINUTE)

    assert candles == []
    assert [row.open_ms for row in refused] == [None]
    assert "clock" in refused[0].reason


def test_a_refused_row_does_not_take_the_others_with_it() -> None:
    candles, refused = read_rows([changed(2, 1.0), (T0 + MINUTE, *GOOD[1:])], T0 + MINUTE)

    assert [candle.open_ms for candle in candles] == [T0 + MINUTE]
    assert [row.open_ms for row in refused] == [T0]


def test_the_last_candle_of_an_answer_still_forms() -> None:
    answer = read_answer([GOOD, (T0 + MINUTE, *GOOD[1:])], MINUTE, T0 + MINUTE + 5_000)

    assert [candle.open_ms for candle in answer.closed] == [T0]
    assert answer.newest is not None
    assert answer.newest.open_ms == T0 + MINUTE
    assert answer.complete_through_ms == T0 + MINUTE - 1


@pytest.mark.parametrize(("late_ms", "closed"), [(-1, 0), (0, 1)])
def test_a_last_candle_is_closed_only_when_its_end_has_passed_by_a_margin(late_ms: int, closed: int) -> None:
    answer = read_answer([GOOD], MINUTE, T0 + MINUTE + CLOSE_MARGIN_MS + late_ms)

    assert len(answer.closed) == closed


def test_an_answer_in_disorder_is_put_in_order_without_duplicates() -> None:
    rows = [(T0 + MINUTE, *GOOD[1:]), GOOD, GOOD, (T0 + 2 * MINUTE, *GOOD[1:])]

    answer = read_answer(rows, MINUTE, T0 + 2 * MINUTE)

    assert [candle.open_ms for candle in answer.closed] == [T0, T0 + MINUTE]


def test_an_empty_answer_establishes_nothing() -> None:
    answer = read_answer([], MINUTE, T0)

    assert (answer.closed, answer.newest, answer.complete_through_ms) == ((), None, None)
