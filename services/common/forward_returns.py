"""Defines a pair's return after an instant, from a candle's open to a candle's close, without interpolation.

The event study and the recorder measure by these rules. Times and lengths are whole microseconds.
"""

from __future__ import annotations

from datetime import timedelta

PRICE_RULE = (
    "A return starts at the open of the first candle that opens at or after available_at (plus the delay, if any) "
    "and ends at the close of the candle that closes one horizon after that open: close / open - 1, in percent, "
    "before fees. Where either candle is missing there is no return."
)
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
