"""Converts rows of the ports to rows of the tables, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Row as SqlRow
from sqlalchemy import Table

from services.common.history.rows import (
    AnalysedRow,
    ArticleRow,
    CandleRow,
    EventRow,
    HoldAction,
    HoldRow,
    Kind,
    OutcomeRow,
    ScoringRow,
    SignalRow,
    SummaryRow,
    TradeRow,
)
from services.common.history.sql import tables

T = TypeVar("T")
_CONVERTED: dict[str, Callable[[Any], Any]] = {"suspicions": tuple, "action": HoldAction, "kind": Kind}


def values_of(row: object) -> dict[str, Any]:
    """Return the values of a row of the ports by column."""
    return {name: getattr(row, name) for name in row.__slots__}  # type: ignore[attr-defined]  # dataclasses with slots


def _maker(kind: type[T], table: Table) -> Callable[[SqlRow[Any]], T]:
    """Return a function that makes a row of the ports of all columns of the table; it is called often."""
    names = [column.name for column in table.columns]
    first = 1 if names[0] == "id" else 0
    names = names[first:]
    converted = [(name, _CONVERTED[name]) for name in names if name in _CONVERTED]

    def make(line: SqlRow[Any]) -> T:
        values = dict(zip(names, line[first:], strict=True))
        for name, convert in converted:
            values[name] = convert(values[name])
        return kind(**values)

    return make


article_of = _maker(ArticleRow, tables.articles)
scoring_of = _maker(ScoringRow, tables.scorings)
signal_of = _maker(SignalRow, tables.signals)
candle_of = _maker(CandleRow, tables.candles)
trade_of = _maker(TradeRow, tables.trades)
analysed_of = _maker(AnalysedRow, tables.analysed)
hold_of = _maker(HoldRow, tables.holds)
outcome_of = _maker(OutcomeRow, tables.outcomes)
event_of = _maker(EventRow, tables.events)
summary_of = _maker(SummaryRow, tables.summaries)
