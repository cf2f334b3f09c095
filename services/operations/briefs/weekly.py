"""The data of the weekly brief."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.common.history.port import HistoryReader
from services.common.settings.settings import Settings
from services.history_recorder.performance.report import Cell
from services.operations.answer import Answer
from services.operations.briefs.stories import MOST_ROWS
from services.operations.performance import read_performance
from services.operations.portfolio import (
    Closed,
    Exposure,
    closed_between,
    exposure_of,
    open_at,
    open_positions,
    recorded_trades,
)
from services.operations.reports import reports_folder
from services.operations.why.comparisons import Comparison, newest_comparison

USUAL = timedelta(days=7)
HORIZON = "4h"
"""The horizon of the groups, as the page Scores shows it first."""
GROUPS = ("source", "kind", "model")
_ROWS = 8


@dataclass(frozen=True, slots=True)
class WeeklyBrief(Answer):
    """How the week was.

    Attributes:
        at, since: the end and the beginning of the period.
        is_empty: whether nothing at all was recorded in the period.
        articles: the number of articles that were fetched.
        signals: the number of signals with a return, by horizon.
        scores: the cells of all signals, one for each horizon.
        groups: the cells of `HORIZON` by source, kind and model, the largest of each first, at most 8.
        month: what the scores of the last 30 days show and do not show, as a week is too short to tell.
        opened: the number of trades that were opened.
        closed: the trades that were closed.
        exposure: of the open trades, by asset, at the end.
        timeframe: that of the candles on which the bot decides.
        compared: the newest backtest of the same week that was compared with the bot's trades.
    """

    at: datetime
    since: datetime
    zone: str
    is_empty: bool
    articles: int
    signals: dict[str, int]
    scores: tuple[Cell, ...]
    groups: tuple[Cell, ...]
    month: str
    opened: int
    closed: tuple[Closed, ...]
    exposure: tuple[Exposure, ...]
    timeframe: str
    compared: Comparison | None


def read_weekly(history: HistoryReader, settings: Settings, since: datetime, now: datetime) -> WeeklyBrief:
    """Read the weekly brief of a period.

    Raises:
        TryLater, StopProgram: as the history does.
    """
    performance = read_performance(history, start=since, end=now, now=now)
    rows = recorded_trades(history, now)
    is_open = open_at(history, rows, now)
    articles = sum(each.fetched < now for each in history.article_times(since, limit=MOST_ROWS))
    opened = sum(row.opened >= since for row in rows)
    closed = closed_between(rows, since, now)
    return WeeklyBrief(
        at=now,
        since=since,
        zone=settings.brief_timezone,
        is_empty=not (articles or any(performance.signals.values()) or opened or closed or is_open),
        articles=articles,
        signals=performance.signals,
        scores=tuple(cell for cell in performance.cells if cell.group == "all"),
        groups=tuple(
            cell
            for group in GROUPS
            for cell in [
                each for each in performance.cells if each.group == group and each.horizon == HORIZON
            ][:_ROWS]
        ),
        month=read_performance(history, now=now).verdict,
        opened=opened,
        closed=closed,
        exposure=exposure_of(open_positions(history, is_open, settings.candle_timeframe, now)),
        timeframe=settings.strategy_timeframe,
        compared=newest_comparison(reports_folder(settings), since, now),
    )
