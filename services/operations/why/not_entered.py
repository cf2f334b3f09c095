"""Answers why no trade of a pair was opened at a moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.common.errors import StopProgram
from services.common.history.port import HistoryReader
from services.common.history.queries import MAX_LIMIT, TradeFilter
from services.operations.answer import Answer
from services.operations.holds import Hold
from services.operations.news.stories import StoryRow
from services.operations.trades import Trade, followed_bot
from services.operations.why.candles import Candle, candle_at, newest_candle
from services.operations.why.news_then import holds_at, stories_between
from services.operations.why.sentences import about_holds, about_rules, about_sentiment, holder, time_of


@dataclass(frozen=True, slots=True)
class WhyNot(Answer):
    """Why no trade was opened.

    Attributes:
        at: the moment of the question.
        candle: what the bot saw and decided last before it; None if it did not look at the pair.
        missing: the entry rules that were not true.
        waits_for: the rules as one phrase, such as 'all but macd_cross'; empty if they are not recorded.
        blocked: why the news blocked the entry that the strategy asked for; empty if it did not.
        holds: the holds in force.
        trade: the trade of the pair that was open, or was opened at the candle.
        open_trades: the number of trades that were open.
        news: the stories about the pair that were not older than the staleness limit, newest first.
        sentences: the answer for people; the first sentence is the reason.
    """

    pair: str
    at: datetime
    candle: Candle | None
    missing: tuple[str, ...]
    waits_for: str
    blocked: str
    holds: tuple[Hold, ...]
    trade: Trade | None
    open_trades: int
    news: tuple[StoryRow, ...]
    sentences: tuple[str, ...]


def why_not(
    history: HistoryReader, pair: str, at: datetime, *, now: datetime, staleness: timedelta
) -> WhyNot:
    """Explain why no trade of the pair was opened at a moment.

    Raises:
        StopProgram: the moment is in the future.
        TryLater: the history is away.
    """
    if at > now:
        raise StopProgram(f"{at:%Y-%m-%d %H:%M} UTC is in the future; now it is {now:%Y-%m-%d %H:%M} UTC")
    return _explained(history, pair, at, candle_at(history, pair, at), staleness)


def waiting_for(history: HistoryReader, pair: str, *, now: datetime, staleness: timedelta) -> WhyNot:
    """Explain why no trade was opened at the newest candle that the bot has analysed."""
    return _explained(history, pair, now, newest_candle(history, pair), staleness)


def phrase(candle: Candle | None) -> str:
    """Which entry rules are true, as one phrase; empty if the rules are not recorded."""
    if candle is None or not candle.rules:
        return ""
    missing = candle.missing
    if not missing:
        return "all rules are true"
    return "none" if len(missing) == len(candle.rules) else f"all but {', '.join(missing)}"


def _explained(
    history: HistoryReader, pair: str, at: datetime, candle: Candle | None, staleness: timedelta
) -> WhyNot:
    holds = holds_at(history, at)
    trades = _open_trades(history, at, candle)
    trade = next((trade for trade in trades if trade.pair == pair), None)
    found = WhyNot(
        pair=pair,
        at=at,
        candle=candle,
        missing=candle.missing if candle else (),
        waits_for=phrase(candle),
        blocked=candle.blocked if candle else "",
        holds=holds,
        trade=trade,
        open_trades=sum(each.opened <= at for each in trades),
        news=stories_between(history, pair, at - staleness, at),
        sentences=(),
    )
    return _with_sentences(found)


def _open_trades(history: HistoryReader, at: datetime, candle: Candle | None) -> list[Trade]:
    """The trades that were open at a moment, or were opened at the candle before it; the last one first."""
    until = at if candle is None else max(at, candle.closes + (candle.closes - candle.opened))
    rows = history.trades(TradeFilter(until=until), limit=MAX_LIMIT).rows
    followed = followed_bot(history)
    trades = [Trade.of(row, followed) for row in rows if row.closed is None or row.closed > at]
    return [trade for trade in trades if trade.unseen_since is None or trade.unseen_since > at]


def _with_sentences(found: WhyNot) -> WhyNot:
    sentences = [_reason(found)]
    if found.candle is not None:
        sentences += [*about_rules(found.candle), *about_sentiment(found.candle, found.news)]
    sentences += about_holds(found.holds)
    return replace(found, sentences=tuple(dict.fromkeys(filter(None, sentences))))


def _reason(found: WhyNot) -> str:
    candle, trade = found.candle, found.trade
    if trade is not None:
        if candle is not None and trade.opened >= candle.closes:
            return f"A trade was opened: trade {trade.trade_id} at {time_of(trade.opened)}."
        return f"Trade {trade.trade_id} of {found.pair} was open since {time_of(trade.opened)}."
    if candle is None:
        return (
            f"No candle of {found.pair} that the bot analysed at that time is recorded: the bot or the recorder was "
            "not running, or the pair was not on the bot's list."
        )
    return _not_asked(candle, found.waits_for) or _not_made(candle, found)


def _not_asked(candle: Candle, rules: str) -> str:
    """Why the strategy asked for no entry; empty if it asked for one."""
    if candle.blocked:
        return f"The strategy asked for an entry, and the news blocked it: {candle.blocked}."
    if candle.missing:
        return f"The entry rules that were true at {time_of(candle.closes)}: {rules}."
    if candle.entered:
        return ""
    return (
        "The strategy asked for no entry at this candle. Its own rules are not recorded; only those of "
        "LLMSentimentStrategy are."
    )


def _not_made(candle: Candle, found: WhyNot) -> str:
    """Why the entry that the strategy asked for was not made."""
    if found.holds:
        owners = ", ".join(map(holder, found.holds)).rstrip(",")
        return f"The strategy asked for an entry, but entries were held by {owners}."
    return (
        f"The strategy asked for an entry and no hold was in force. Trades that were open: {found.open_trades}. "
        "Freqtrade may have been at its limit, had the pair locked by a protection, or the order was not filled; its "
        f"log at {time_of(candle.closes)} says which."
    )
