"""Computes the returns of `services.common.forward_returns` for many instants at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from services.common.forward_returns import last_opening, microseconds, not_measurable, short
from services.research.candles import Candles

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


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
        if reason := not_measurable(horizon, timedelta(microseconds=self.candle)):
            raise ValueError(f"a horizon of {short(horizon)} is {reason}")
        last_opens = self.opens + last_opening(0, microseconds(horizon), self.candle)
        rows = np.searchsorted(self.opens, last_opens, side="left")
        rows_there = np.where(rows < self.opens.size, rows, 0)
        ends = self.opens[rows_there] == last_opens
        returns = (self.close[rows_there] / self.open - 1) * 100
        return np.where(ends, returns, np.nan)
