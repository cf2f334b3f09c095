"""Answers why a trade was opened and closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.common.history.port import HistoryReader
from services.common.history.queries import TradeFilter
from services.operations.answer import Answer
from services.operations.news.stories import StoryRow
from services.operations.trades import Trade, followed_bot
from services.operations.why.candles import Candle, candle_at, candle_of_entry
from services.operations.why.news_then import signal_that_ended, stories_between, story_of
from services.operations.why.sentences import (
    about_exit,
    about_rules,
    about_sentiment,
    score_that_ended,
    time_of,
)


@dataclass(frozen=True, slots=True)
class TradeWhy(Answer):
    """Why a trade was opened and closed.

    Attributes:
        entry: the candle on which the bot decided to open the trade; None if it is not recorded.
        exit: what the bot saw last before it closed the trade; None if it is not recorded.
        story: the story of the article that was known at the entry.
        score: the sentiment (-1..+1) of the entry's candle.
        exit_story, exit_score: the story and the score of the signal that ended the trade; None if the news did not
            end it, or if it was the aggregate of several signals.
        news_while_open: the stories about the pair from the decision to open it to the exit, newest first.
        sentences: the answer for people.
    """

    trade: Trade
    entry: Candle | None
    exit: Candle | None
    story: StoryRow | None
    score: float | None
    exit_story: StoryRow | None
    exit_score: float | None
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
    return None if row is None else explain_trade(history, Trade.of(row, followed_bot(history)), now)


def why_last(history: HistoryReader, *, now: datetime) -> TradeWhy | None:
    """Explain the trade that was opened last. None if there is no trade."""
    rows = history.trades(TradeFilter(), limit=1).rows
    return explain_trade(history, Trade.of(rows[0], followed_bot(history)), now) if rows else None


def explain_trade(history: HistoryReader, trade: Trade, now: datetime) -> TradeWhy:
    """Explain a trade in this state, which may be an earlier one. Raises as `why_trade`."""
    entry = candle_of_entry(history, trade.pair, trade.opened)
    leave = candle_at(history, trade.pair, trade.closed) if trade.closed else None
    article_id = trade.article_id or (entry.article_id if entry else "")
    story = story_of(history, article_id)
    exit_story, exit_score = _what_ended(history, trade)
    # An order takes a while to be filled, and news may come meanwhile.
    decided = min(trade.opened, entry.closes) if entry else trade.opened
    # `until` of a period is excluded, and what becomes available with the exit is not news of the trade.
    news = stories_between(history, trade.pair, decided, trade.closed or now + timedelta(microseconds=1))
    return TradeWhy(
        trade=trade,
        entry=entry,
        exit=leave,
        story=story,
        score=entry.sentiment if entry else None,
        exit_story=exit_story,
        exit_score=exit_score,
        news_while_open=news,
        sentences=(*_about_entry(trade, entry, story), _end(trade, exit_story), _told(trade, news)),
    )


def _what_ended(history: HistoryReader, trade: Trade) -> tuple[StoryRow | None, float | None]:
    """The story and the score of the signal that ended a trade, as far as it was one signal and is recorded."""
    score = score_that_ended(trade.exit_reason) if trade.closed else None
    if score is None or trade.closed is None:
        return None, None
    signal = signal_that_ended(history, trade.pair, trade.closed, score)
    return (None, score) if signal is None else (story_of(history, signal.article_id), signal.sentiment_score)


def _about_entry(trade: Trade, entry: Candle | None, story: StoryRow | None) -> list[str]:
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
    return sentences


def _told(trade: Trade, news: tuple[StoryRow, ...]) -> str:
    return f"Stories about {trade.pair} that came while it was open: {len(news) or 'none'}."


def _end(trade: Trade, story: StoryRow | None) -> str:
    profit = "" if trade.profit_ratio is None else f" with {trade.profit_ratio:+.2%}"
    if trade.closed is None:
        if trade.unseen_since:
            return (
                f"It was open{profit} as of {time_of(trade.updated)}, and is not seen since "
                f"{time_of(trade.unseen_since)}, when Freqtrade began to use another database or name."
            )
        return f"It is open{profit} as of {time_of(trade.updated)}."
    rate = "" if trade.close_rate is None else f" at {trade.close_rate:g}"
    return f"It was closed {time_of(trade.closed)}{rate}{profit}: {about_exit(trade.exit_reason, story)}."
