"""What the price of a pair did after an instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.common.forward_returns import (
    HORIZON_HOURS,
    end_of,
    entry_at,
    measuring_candles,
    not_measurable,
    percent,
)
from services.common.history.port import HistoryReader
from services.common.history.rows import CandleRow
from services.common.values import timeframe_seconds
from services.operations.answer import Answer

HORIZONS: Mapping[str, timedelta] = {f"{hours}h": timedelta(hours=hours) for hours in HORIZON_HOURS}


@dataclass(frozen=True, slots=True)
class PriceMove(Answer):
    """What a price did after a signal, measured as in `forward_returns`.

    Attributes:
        entered, price: the opening of the first candle that opens after the signal, and its price.
        returns: in percent, after 1h, 4h, 24h and until now; None where a candle is missing or not closed yet.
    """

    pair: str
    entered: datetime
    price: float
    returns: Mapping[str, float | None]


def price_moves(
    history: HistoryReader, after: Mapping[str, datetime], now: datetime
) -> tuple[PriceMove, ...]:
    """The moves of each pair or asset after an instant, for those that have candles."""
    newest = history.newest_candles(now) if after else {}
    moves = (price_move(history, pair, moment, newest) for pair, moment in after.items())
    return tuple(move for move in moves if move is not None)


def price_move(
    history: HistoryReader, pair: str, moment: datetime, newest: Mapping[tuple[str, str], CandleRow]
) -> PriceMove | None:
    """The move of a pair or an asset after an instant; None if there is no candle for the entry.

    `newest` is the last candle of each symbol and timeframe: see `HistoryReader.newest_candles`.
    """
    found = measuring_candles(pair, moment, {each: row.opened for each, row in newest.items()})
    if found is None:
        return None
    symbol, timeframe = found
    candle = timedelta(seconds=timeframe_seconds(timeframe))
    entered = entry_at(moment, candle)
    ends = {
        name: end_of(entered, horizon, candle)
        for name, horizon in HORIZONS.items()
        if not_measurable(horizon, candle) is None
    }
    there = history.candles_at(symbol, timeframe, [entered, *ends.values()])
    if entered not in there:
        return None
    price = there[entered].open
    returns: dict[str, float | None] = dict.fromkeys(HORIZONS)
    returns |= {name: percent(price, there[end].close) for name, end in ends.items() if end in there}
    returns["now"] = percent(price, newest[found].close)
    return PriceMove(pair, entered, price, returns)
