"""The books of a demo balance when the history has what was counted, each once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.demo.books import compare
from services.demo.counts import Counts

COUNTS = Counts(
    articles_published=8,
    articles_ended=7,
    signals_published=9,
    signals_cached=9,
    signals_repeated=0,
    candles_published=30,
    dead_lettered=1,
    waiting=0,
)
ROWS = {"articles": 8, "scorings": 8, "signals": 9, "candles": 30, "trades": 1, "events": 56}


def test_they_balance_when_every_table_has_what_was_counted() -> None:
    books = compare(ROWS, COUNTS, COUNTS, 1)
    assert (books.problem, books.rows) == (None, ROWS)


@pytest.mark.parametrize("table", ["articles", "scorings", "signals", "candles", "trades"])
@pytest.mark.parametrize("difference", [-1, 1])
def test_a_row_too_few_or_too_many_is_named(table: str, difference: int) -> None:
    found = compare({**ROWS, table: ROWS[table] + difference}, COUNTS, COUNTS, 1)
    assert found.differing == {table: (ROWS[table], ROWS[table] + difference)}
    assert str(found.problem).endswith(f"it has {ROWS[table] + difference} of {ROWS[table]} {table}")


def test_candles_that_came_while_the_history_was_read_may_be_in_it_or_not() -> None:
    later = replace(COUNTS, candles_published=32)
    for candles, problem in ((29, True), (30, False), (31, False), (32, False), (33, True)):
        found = compare({**ROWS, "candles": candles}, COUNTS, later, 1)
        assert (found.problem is not None) == problem
