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
from services.common.history.sql.schema import tables

T = TypeVar("T")


def values_of(row: object) -> dict[str, Any]:
    """Return the values of a row of the ports by column."""
    return {name: getattr(row, name) for name in row.__slots__}  # type: ignore[attr-defined]  # dataclasses with slots


def maker(row: type[T], table: Table, /, **conversions: Callable[[Any], Any]) -> Callable[[SqlRow[Any]], T]:
    """Return a function that makes a row of the ports of all columns of the table; it is called often.

    `conversions` are what makes the value of a column that of its field.
    """
    names = [column.name for column in table.columns]
    first = 1 if names[0] == "id" else 0
    names = names[first:]

    def make(line: SqlRow[Any]) -> T:
        values = dict(zip(names, line[first:], strict=True))
        for name, convert in conversions.items():
            values[name] = convert(values[name])
        return row(**values)

    return make


article_of = maker(ArticleRow, tables.articles)
scoring_of = maker(ScoringRow, tables.scorings, suspicions=tuple)
signal_of = maker(SignalRow, tables.signals)
candle_of = maker(CandleRow, tables.candles)
trade_of = maker(TradeRow, tables.trades)
analysed_of = maker(AnalysedRow, tables.analysed)
hold_of = maker(HoldRow, tables.holds, action=HoldAction)
outcome_of = maker(OutcomeRow, tables.outcomes)
event_of = maker(EventRow, tables.events, kind=Kind)
summary_of = maker(SummaryRow, tables.summaries)
