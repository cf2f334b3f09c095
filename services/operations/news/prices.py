"""What the price of a pair did after an instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.common.forward_returns import entry_opening, last_opening, microseconds, not_measurable, percent
from services.common.history.port import HistoryReader
from services.common.values import asset_of, is_pair, timeframe_seconds
from services.operations.answer import Answer

HORIZONS: Mapping[str, timedelta] = {f"{hours}h": timedelta(hours=hours) for hours in (1, 4, 24)}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    known = history.timeframes() if after else ()
    moves = (price_move(history, pair, moment, known, now) for pair, moment in after.items())
    return tuple(move for move in moves if move is not None)


def price_move(
    history: HistoryReader, pair: str, moment: datetime, known: Iterable[tuple[str, str]], now: datetime
) -> PriceMove | None:
    """The move of a pair or an asset after an instant; None if there is no candle for the entry."""
    found = measuring_candles(pair, known)
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
    newest = history.newest_candle(symbol, timeframe, now)
    returns["now"] = percent(price, newest.close) if newest else None
    return PriceMove(pair, entered, price, returns)


def measuring_candles(pair: str, known: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """The symbol and the shortest timeframe with which a pair is measured; an asset by its first symbol.

    Args:
        pair: a pair or an asset.
        known: the symbols and timeframes that there are.
    """
    own = [each for each in known if (each[0] == pair if is_pair(pair) else asset_of(each[0]) == pair)]
    return min(own, key=lambda each: (each[0], timeframe_seconds(each[1])), default=None)


def entry_at(moment: datetime, candle: timedelta) -> datetime:
    """When the candle opens at which one could enter after an instant."""
    opening = entry_opening(microseconds(moment - _EPOCH), microseconds(candle))
    return _EPOCH + timedelta(microseconds=opening)


def end_of(entered: datetime, horizon: timedelta, candle: timedelta) -> datetime:
    """When the candle opens that closes one horizon after the entry."""
    return entered + timedelta(microseconds=last_opening(0, microseconds(horizon), microseconds(candle)))
