"""Defines a pair's return after an instant, from a candle's open to a candle's close, without interpolation.

The event study and the recorder measure by these rules. Whole numbers of time are microseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from services.common.values import asset_of, is_pair, timeframe_seconds

PRICE_RULE = (
    "A return starts at the open of the first candle that opens at or after available_at (plus the delay, if any) "
    "and ends at the close of the candle that closes one horizon after that open: close / open - 1, in percent, "
    "before fees. Where either candle is missing there is no return."
)
HORIZON_HOURS = (1, 4, 24)
"""The horizons of the outcomes of signals."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(length: timedelta) -> int:
    """Return a length of time as a whole number of microseconds."""
    return length // _MICROSECOND


def short(length: timedelta) -> str:
    """Return a length of time as timeframes are written: 15m, 4h, 24h."""
    minutes = length // timedelta(minutes=1)
    return f"{minutes // 60}h" if minutes and minutes % 60 == 0 else f"{minutes}m"


def not_measurable(length: timedelta, candle: timedelta) -> str | None:
    """Return why these candles cannot measure a horizon or delay of `length`, or None if they can."""
    if timedelta(0) < length < candle:
        return f"shorter than one candle of {short(candle)}"
    if length % candle:
        return f"no whole number of candles of {short(candle)}"
    return None


def entry_opening(available_at: int, candle: int) -> int:
    """Return when the entry candle opens: the first that opens at or after `available_at`, never before."""
    return -(-available_at // candle) * candle


def last_opening(entry: int, horizon: int, candle: int) -> int:
    """Return when the candle opens that closes one `horizon` after the opening of the entry candle."""
    return entry + horizon - candle


def percent(open_price: float, close_price: float) -> float:
    """Return the return from the entry candle's open to the last candle's close, in percent."""
    return (close_price / open_price - 1) * 100


def entry_at(moment: datetime, candle: timedelta) -> datetime:
    """Return when the candle opens at which one could enter after an instant; see `entry_opening`."""
    return _EPOCH + entry_opening(microseconds(moment - _EPOCH), microseconds(candle)) * _MICROSECOND


def end_of(entered: datetime, horizon: timedelta, candle: timedelta) -> datetime:
    """Return when the candle opens that closes one horizon after the entry; see `last_opening`."""
    return entered + last_opening(0, microseconds(horizon), microseconds(candle)) * _MICROSECOND


def measuring_candles(
    pair: str, since: datetime, newest: Mapping[tuple[str, str], datetime]
) -> tuple[str, str] | None:
    """Return the symbol and the shortest timeframe with which a pair is measured; an asset by its first symbol.

    Candles that are no longer collected are used only if there are no others since then.

    Args:
        pair: a pair or an asset.
        since: the instant after which it is measured.
        newest: the symbols and timeframes that there are, and when the last candle of each opened.
    """
    own = [each for each in newest if (each[0] == pair if is_pair(pair) else asset_of(each[0]) == pair)]
    going_on = [each for each in own if newest[each] >= since]
    return min(going_on or own, key=lambda each: (each[0], timeframe_seconds(each[1])), default=None)
