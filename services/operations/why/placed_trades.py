"""Places trades on candles: those that a bot made, as they were recorded, and those of a backtest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from services.common.history.port import HistoryReader
from services.common.history.queries import MAX_LIMIT, TradeFilter
from services.operations.trades import Trade
from services.operations.why.candles import candle_of_entry, candle_of_exit, text

if TYPE_CHECKING:
    import pandas as pd

Entry = tuple[str, str, datetime]
"""Pair, side and the opening of the candle in which a trade was opened."""


@dataclass(frozen=True, slots=True, eq=False)
class Backtested:
    """A backtest, as far as it is compared with a bot.

    Attributes:
        start: when its first candle opens.
        end: when its last candle closes.
        candle: the length of a candle.
        trades: Freqtrade's table of its trades.
        frames: its candles with indicators and sentiment, by pair.
    """

    pairs: tuple[str, ...]
    timeframe: str
    candle: timedelta
    start: datetime
    end: datetime
    trades: pd.DataFrame
    frames: Mapping[str, pd.DataFrame]


@dataclass(frozen=True, slots=True)
class PlacedTrade:
    """A trade, with the openings of the candles in which it was opened and closed; `left` is None while it is open."""

    trade: Trade
    entered: datetime
    left: datetime | None

    @property
    def entry(self) -> Entry:
        """What a trade of the bot and one of the backtest have in common if they are the same."""
        return self.trade.pair, self.trade.side, self.entered


def recorded_trades(history: HistoryReader, found: Backtested) -> Iterator[PlacedTrade]:
    """The trades that the bot opened from the backtest's first candle to the end of its last one."""
    which = TradeFilter(pairs=found.pairs, since=found.start, until=found.end)
    after: str | None = None
    while True:
        page = history.trades(which, limit=MAX_LIMIT, after=after)
        for trade in map(Trade.of, page.rows):
            entry = candle_of_entry(history, trade.pair, trade.opened)
            asked = entry is not None and entry.asks_for_entry
            entered = entry.closes if entry and asked else _opening(trade.opened, found.candle)
            yield PlacedTrade(trade, entered, _left(history, trade, found.candle))
        after = page.next
        if after is None:
            return


def _left(history: HistoryReader, trade: Trade, candle: timedelta) -> datetime | None:
    if trade.closed is None:
        return None
    leave = candle_of_exit(history, trade.pair, trade.closed, trade.exit_reason)
    return leave.closes if leave else _opening(trade.closed, candle)


def made_trades(found: Backtested) -> Iterator[PlacedTrade]:
    """The trades of the backtest."""
    for columns in found.trades.to_dict("records"):
        row = {str(name): value for name, value in columns.items()}
        opened, closed = row["open_date"].to_pydatetime(), row["close_date"].to_pydatetime()
        trade = Trade(
            bot="",
            trade_id=0,
            pair=row["pair"],
            side="short" if row["is_short"] else "long",
            opened=opened,
            closed=closed,
            open_rate=row["open_rate"],
            close_rate=row["close_rate"],
            stake=row["stake_amount"],
            profit_ratio=row["profit_ratio"],
            profit_abs=row["profit_abs"],
            enter_tag=text(row, "enter_tag"),
            exit_reason=text(row, "exit_reason"),
            article_id="",
            updated=closed,
        )
        yield PlacedTrade(trade, _opening(opened, found.candle), _opening(closed, found.candle))


def _opening(moment: datetime, candle: timedelta) -> datetime:
    """The opening of the candle in which a moment lies."""
    epoch = datetime.fromtimestamp(0, moment.tzinfo)
    return moment - (moment - epoch) % candle
