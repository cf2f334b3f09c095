"""Computes a pair's returns after an instant, from a candle's open to a candle's close, without interpolation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from services.research.candles import Candles

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PRICE_RULE = (
    "A return starts at the open of the first candle that opens at or after available_at (plus the delay, if any) "
    "and ends at the close of the candle that closes one horizon after that open: close / open - 1, in percent, "
    "before fees. Where either candle is missing there is no return."
)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(length: timedelta) -> int:
    """Return a length of time as a whole number of microseconds, the unit of all times in the study."""
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


@dataclass(frozen=True, eq=False)
class Prices:
    """A pair's candles as arrays; `opens` are the opening times in microseconds since the epoch, strictly rising."""

    opens: Ints
    open: Floats
    close: Floats
    candle: int

    @classmethod
    def of(cls, candles: Candles) -> Prices:
        """Convert checked candles to arrays."""
        frame = candles.frame
        return cls(
            opens=np.asarray(frame["date"].astype("int64"), dtype=np.int64),
            open=frame["open"].to_numpy(dtype=np.float64),
            close=frame["close"].to_numpy(dtype=np.float64),
            candle=microseconds(candles.length),
        )

    def entry_rows(self, times: Ints) -> Ints:
        """Return the row of the first candle that opens at or after each time, or -1 if that candle is missing.

        The candle is missing if the next existing candle opens a whole candle length or more after the time.
        """
        rows = np.searchsorted(self.opens, times, side="left")
        there = rows < self.opens.size
        opens = self.opens[np.where(there, rows, 0)]
        return np.where(there & (opens - times < self.candle), rows, -1).astype(np.int64)

    def forward_returns(self, horizon: timedelta) -> Floats:
        """Return the percentage returns over `horizon` from each candle's open; NaN if the last candle is missing.

        Raises:
            ValueError: the candles cannot measure this horizon, see `not_measurable`.
        """
        if reason := not_measurable(horizon, self.candle * _MICROSECOND):
            raise ValueError(f"a horizon of {short(horizon)} is {reason}")
        last_opens = self.opens + microseconds(horizon) - self.candle
        rows = np.searchsorted(self.opens, last_opens, side="left")
        rows_there = np.where(rows < self.opens.size, rows, 0)
        ends = self.opens[rows_there] == last_opens
        returns = (self.close[rows_there] / self.open - 1) * 100
        return np.where(ends, returns, np.nan)
