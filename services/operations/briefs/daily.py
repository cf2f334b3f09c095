"""The data of the daily brief."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.common.history.port import HistoryReader
from services.common.settings.settings import Settings
from services.common.store.port import SentimentStore
from services.operations.answer import Answer
from services.operations.briefs.blocked import Blocked, HoldChange, blocked_entries, hold_changes
from services.operations.briefs.moods import Moods, read_moods
from services.operations.briefs.stories import ToldStory, most_told
from services.operations.briefs.strong_scores import StrongScores, read_strong_scores
from services.operations.holds import Hold
from services.operations.news.stories import StoryRow
from services.operations.portfolio import (
    Closed,
    Position,
    closed_between,
    open_at,
    open_positions,
    recorded_trades,
)
from services.operations.sources import SourceReport, read_sources
from services.operations.why.news_then import holds_at, stories_between
from services.operations.why.trade import TradeWhy, why_trade

USUAL = timedelta(days=1)
_NEWS_OF_A_HELD_ASSET = 3
_LEAST_A_DAY = 1.0
"""A source that tells less often than this a day may say nothing for a day."""
_HABIT_DAYS = 7
_MOST_TRADES = 20


@dataclass(frozen=True, slots=True)
class OpenTrade(Answer):
    """An open trade, why it was opened, and the newest stories about it since the period began."""

    position: Position
    why: TradeWhy | None
    news: tuple[StoryRow, ...]


@dataclass(frozen=True, slots=True)
class SilentSource(Answer):
    """A source that usually tells something every day and told nothing in the period."""

    source: str
    last_seen: datetime
    articles_per_day: float | None
    is_failing: bool


@dataclass(frozen=True, slots=True)
class DailyBrief(Answer):
    """What happened since the brief before.

    Attributes:
        at, since: the end and the beginning of the period.
        zone: the time zone in which its times are shown.
        trades: the open trades, at most 20, the one opened last first; `trades_open` is their number.
        closed: the trades that were closed in the period.
        holds: those in force at the end.
        is_empty: whether nothing at all was recorded in the period.
    """

    at: datetime
    since: datetime
    zone: str
    is_empty: bool
    moods: Moods
    stories: tuple[ToldStory, ...]
    trades_open: int
    trades: tuple[OpenTrade, ...]
    closed: tuple[Closed, ...]
    blocked: tuple[Blocked, ...]
    holds: tuple[Hold, ...]
    hold_changes: tuple[HoldChange, ...]
    silent: tuple[SilentSource, ...]
    strong: StrongScores


def read_daily(
    history: HistoryReader, store: SentimentStore | None, settings: Settings, since: datetime, now: datetime
) -> DailyBrief:
    """Read the daily brief of a period.

    Raises:
        TryLater, StopProgram: as the history does.
    """
    rows = recorded_trades(history, now)
    is_open = open_at(history, rows, now)
    positions = open_positions(history, is_open[:_MOST_TRADES], settings.candle_timeframe, now)
    pairs = dict.fromkeys(
        (*settings.trading_pairs, *(row.pair for row in rows if row.opened > since - USUAL))
    )
    return DailyBrief(
        at=now,
        since=since,
        zone=settings.brief_timezone,
        is_empty=_is_empty(history, since, now),
        moods=read_moods(history, store, settings, since, now),
        stories=most_told(history, since, now),
        trades_open=len(is_open),
        trades=tuple(_open_trade(history, position, since, now) for position in positions),
        closed=closed_between(rows, since, now),
        blocked=blocked_entries(history, pairs, since, now),
        holds=holds_at(history, now),
        hold_changes=hold_changes(history, since, now),
        silent=silent_sources(read_sources(history, settings, now, _HABIT_DAYS).sources, since),
        strong=read_strong_scores(history, since, now),
    )


def silent_sources(reports: Sequence[SourceReport], since: datetime) -> tuple[SilentSource, ...]:
    """The sources that told nothing since then although they usually do, the one silent for longest first."""
    silent = [
        SilentSource(each.source, each.last_seen, each.articles_per_day, bool(each.is_failing))
        for each in reports
        if each.last_seen < since and ((each.articles_per_day or 0.0) >= _LEAST_A_DAY or each.is_failing)
    ]
    return tuple(sorted(silent, key=lambda each: (each.last_seen, each.source)))


def _open_trade(history: HistoryReader, position: Position, since: datetime, now: datetime) -> OpenTrade:
    trade = position.trade
    news = stories_between(history, trade.pair, max(since, trade.opened), now)
    why = why_trade(history, trade.trade_id, trade.bot, now=now)
    return OpenTrade(position, why, news[:_NEWS_OF_A_HELD_ASSET])


def _is_empty(history: HistoryReader, since: datetime, now: datetime) -> bool:
    """Whether neither an article nor a candle was recorded in the period."""
    newest = history.newest_candles(now)
    return not history.article_times(since, limit=1) and not any(
        candle.opened >= since for candle in newest.values()
    )
