"""Answers why a trade was opened and closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.common.history.port import HistoryReader
from services.common.history.queries import TradeFilter
from services.operations.answer import Answer
from services.operations.news.stories import StoryRow
from services.operations.trades import Trade
from services.operations.why.candles import Candle, candle_at, candle_of_entry
from services.operations.why.news_then import stories_between, story_of
from services.operations.why.sentences import about_exit, about_rules, about_sentiment, time_of


@dataclass(frozen=True, slots=True)
class TradeWhy(Answer):
    """Why a trade was opened and closed.

    Attributes:
        entry: the candle on which the bot decided to open the trade; None if it is not recorded.
        exit: what the bot saw last before it closed the trade; None if it is not recorded.
        story: the story of the article that was known at the entry.
        score: the sentiment (-1..+1) of the entry's candle.
        news_while_open: the stories about the pair from the entry to the exit, newest first.
        sentences: the answer for people.
    """

    trade: Trade
    entry: Candle | None
    exit: Candle | None
    story: StoryRow | None
    score: float | None
    news_while_open: tuple[StoryRow, ...]
    sentences: tuple[str, ...]


def why_trade(
    history: HistoryReader, trade_id: int, bot: str | None = None, *, now: datetime
) -> TradeWhy | None:
    """Explain a trade; without a bot, the last trade with this id of all bots. None if there is no such trade.

    Raises:
        TryLater, StopProgram: as the history does.
    """
    row = history.trade(trade_id, bot)
    return None if row is None else explain_trade(history, Trade.of(row), now)


def why_last(history: HistoryReader, *, now: datetime) -> TradeWhy | None:
    """Explain the trade that was opened last. None if there is no trade."""
    rows = history.trades(TradeFilter(), limit=1).rows
    return explain_trade(history, Trade.of(rows[0]), now) if rows else None


def explain_trade(history: HistoryReader, trade: Trade, now: datetime) -> TradeWhy:
    """Explain a trade in this state, which may be an earlier one. Raises as `why_trade`."""
    entry = candle_of_entry(history, trade.pair, trade.opened)
    leave = candle_at(history, trade.pair, trade.closed) if trade.closed else None
    article_id = trade.article_id or (entry.article_id if entry else "")
    story = story_of(history, article_id)
    # `until` of a period is excluded, and what becomes available with the exit is not news of the trade.
    news = stories_between(history, trade.pair, trade.opened, trade.closed or now + timedelta(microseconds=1))
    return TradeWhy(
        trade=trade,
        entry=entry,
        exit=leave,
        story=story,
        score=entry.sentiment if entry else None,
        news_while_open=news,
        sentences=tuple(_sentences(trade, entry, story, news)),
    )


def _sentences(
    trade: Trade, entry: Candle | None, story: StoryRow | None, news: tuple[StoryRow, ...]
) -> list[str]:
    stake = "" if trade.stake is None else f" with a stake of {trade.stake:g}"
    rate = "" if trade.open_rate is None else f" at {trade.open_rate:g}"
    tag = f" on [{trade.enter_tag}]" if trade.enter_tag else ""
    sentences = [
        f"Trade {trade.trade_id}, {trade.pair} {trade.side}, was opened {time_of(trade.opened)}{rate}{stake}{tag}."
    ]
    if entry is None:
        sentences.append("The candle on which the bot decided is not recorded.")
    else:
        sentences += [*about_sentiment(entry, [story] if story else []), *about_rules(entry)]
    if story is None:
        sentences.append("The article that was known at the entry is not recorded.")
    told = f"Stories about {trade.pair} that came while it was open: {len(news) or 'none'}."
    return [*sentences, _end(trade), told]


def _end(trade: Trade) -> str:
    profit = "" if trade.profit_ratio is None else f" with {trade.profit_ratio:+.2%}"
    if trade.closed is None:
        return f"It is open{profit} as of {time_of(trade.updated)}."
    rate = "" if trade.close_rate is None else f" at {trade.close_rate:g}"
    return f"It was closed {time_of(trade.closed)}{rate}{profit}: {about_exit(trade.exit_reason)}."
