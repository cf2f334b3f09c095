"""What is written to the history in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.common.history.rows import (
    AnalysedRow,
    ArticleRow,
    CandleRow,
    HoldRow,
    OutcomeRow,
    ScoringRow,
    SignalRow,
    SummaryRow,
    TradeRow,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows that are written in one transaction, together with the positions up to which they were read."""

    articles: Sequence[ArticleRow] = ()
    scorings: Sequence[ScoringRow] = ()
    signals: Sequence[SignalRow] = ()
    candles: Sequence[CandleRow] = ()
    trades: Sequence[TradeRow] = ()
    analysed: Sequence[AnalysedRow] = ()
    holds: Sequence[HoldRow] = ()
    outcomes: Sequence[OutcomeRow] = ()
    summaries: Sequence[SummaryRow] = ()
    cursors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """The number of rows that a batch added or changed, by table, and the newest `seq` of the change feed."""

    rows: Mapping[str, int]
    seq: int


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of the history is kept: days, and bytes; None means without a limit."""

    days: float | None = None
    bytes: int | None = None
