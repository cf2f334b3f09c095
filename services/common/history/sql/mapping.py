"""Converts rows of the ports to rows of the tables, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import Row as SqlRow

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

T = TypeVar("T")
_CONVERTED: dict[str, Callable[[Any], Any]] = {"suspicions": tuple, "action": HoldAction, "kind": Kind}


def values_of(row: object) -> dict[str, Any]:
    """Return the values of a row of the ports by column."""
    return {name: getattr(row, name) for name in row.__slots__}  # type: ignore[attr-defined]  # dataclasses with slots


def _maker(kind: type[T]) -> Callable[[SqlRow[Any]], T]:
    names = [each.name for each in fields(kind)]  # type: ignore[arg-type]  # a dataclass
    converted = [(name, _CONVERTED[name]) for name in names if name in _CONVERTED]

    def make(line: SqlRow[Any]) -> T:
        found = line._mapping  # noqa: SLF001 - SQLAlchemy's public name
        values = {name: found[name] for name in names}
        for name, convert in converted:
            values[name] = convert(values[name])
        return kind(**values)

    return make


article_of = _maker(ArticleRow)
scoring_of = _maker(ScoringRow)
signal_of = _maker(SignalRow)
candle_of = _maker(CandleRow)
trade_of = _maker(TradeRow)
analysed_of = _maker(AnalysedRow)
hold_of = _maker(HoldRow)
outcome_of = _maker(OutcomeRow)
event_of = _maker(EventRow)
summary_of = _maker(SummaryRow)
