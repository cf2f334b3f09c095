"""A pair's returns after an instant, from a candle's open to a candle's close, without interpolation."""

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
    """A length of time as a whole number of microseconds, the unit of all times here."""
    return length // _MICROSECOND


def short(length: timedelta) -> str:
    """A length of time in the way timeframes are written: 15m, 4h, 24h."""
    minutes = length // timedelta(minutes=1)
    return f"{minutes // 60}h" if minutes and minutes % 60 == 0 else f"{minutes}m"


def not_measurable(length: timedelta, candle: timedelta) -> str | None:
    """Why a horizon or delay of `length` cannot be measured with these candles, or None if it can."""
    if timedelta(0) < length < candle:
        return f"shorter than one candle of {short(candle)}"
    if length % candle:
        return f"no whole number of candles of {short(candle)}"
    return None


@dataclass(frozen=True, eq=False)
class Prices:
    """A pair's candles as arrays: `opens` are opening times in microseconds since the epoch, strictly rising."""

    opens: Ints
    open: Floats
    close: Floats
    candle: int

    @classmethod
    def of(cls, candles: Candles) -> Prices:
        """The arrays of checked candles."""
        frame = candles.frame
        return cls(
            opens=np.asarray(frame["date"].astype("int64"), dtype=np.int64),
            open=frame["open"].to_numpy(dtype=np.float64),
            close=frame["close"].to_numpy(dtype=np.float64),
            candle=microseconds(candles.length),
        )

    def entry_rows(self, times: Ints) -> Ints:
        """The row of the first candle that opens at or after each time; -1 where that candle is missing.

        It is missing when the next candle that is there opens a whole candle or more after the time.
        """
        rows = np.searchsorted(self.opens, times, side="left")
        there = rows < self.opens.size
        opens = self.opens[np.where(there, rows, 0)]
        return np.where(there & (opens - times < self.candle), rows, -1).astype(np.int64)

    def forward_returns(self, horizon: timedelta) -> Floats:
        """For each candle the return in percent from its open until `horizon` later; NaN where the end is missing.

        Raises:
            ValueError: the candles cannot tell this horizon, see `not_measurable`.
        """
        if reason := not_measurable(horizon, self.candle * _MICROSECOND):
            raise ValueError(f"a horizon of {short(horizon)} is {reason}")
        last_opens = self.opens + microseconds(horizon) - self.candle
        rows = np.searchsorted(self.opens, last_opens, side="left")
        rows_there = np.where(rows < self.opens.size, rows, 0)
        ends = self.opens[rows_there] == last_opens
        returns = (self.close[rows_there] / self.open - 1) * 100
        return np.where(ends, returns, np.nan)
