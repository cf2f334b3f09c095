"""Loads and validates recorded candles from files. Each pair becomes one immutable series."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from services.common.errors import StopProgram
from services.replay_exchange.candle_files import CandleFile, Kind, find_candle_files, read_columns
from services.replay_exchange.decimals import Floats, decimal_places
from services.replay_exchange.intervals import FIRST_OPEN_MS, INTERVAL_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

Times = npt.NDArray[np.int64]

DEFAULT_PRICE_PLACES = 2
DEFAULT_VOLUME_PLACES = 5


@dataclass(frozen=True, eq=False)
class CandleSeries:
    """The recorded candles of one pair at one base timeframe, oldest first.

    All times are those of the recording, in milliseconds since the epoch.

    Attributes:
        pair: the pair, for example BTC/USDT; a perpetual contract's is BTC/USDT:USDT.
        base_ms: the length of a candle in milliseconds.
        opens: the opening times, strictly rising multiples of `base_ms`. Candles may be missing.
        open, high, low, close: the prices in the quote currency.
        volume: the traded amount in the base currency.

    Raises:
        StopProgram: the columns are not valid candles; the message says why.
    """

    pair: str
    base_ms: int
    opens: Times
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __post_init__(self) -> None:
        for problem, found in self._problems():
            if found:
                raise StopProgram(f"the candles of {self.pair} {problem}; write the file again")
        for column in (self.opens, self.open, self.high, self.low, self.close, self.volume):
            column.setflags(write=False)

    def _problems(self) -> Sequence[tuple[str, bool]]:
        numbers = np.vstack([self.open, self.high, self.low, self.close, self.volume])
        body_high, body_low = np.maximum(self.open, self.close), np.minimum(self.open, self.close)
        return [
            ("have empty or infinite values", not bool(np.all(np.isfinite(numbers)))),
            ("have prices of zero or less", bool(np.any(self.low <= 0))),
            ("have negative volumes", bool(np.any(self.volume < 0))),
            (
                "have a high or low inside the body",
                bool(np.any((self.high < body_high) | (self.low > body_low))),
            ),
            ("are not in order of time", bool(np.any(np.diff(self.opens) <= 0))),
            (
                "do not open at whole multiples of their timeframe",
                bool(np.any((self.opens - FIRST_OPEN_MS.get(self.base_ms, 0)) % self.base_ms)),
            ),
        ]

    @property
    def start_ms(self) -> int:
        """The opening time of the first candle; 0 if the series is empty."""
        return int(self.opens[0]) if self.opens.size else 0

    @property
    def end_ms(self) -> int:
        """The closing time of the last candle; 0 if the series is empty."""
        return int(self.opens[-1]) + self.base_ms if self.opens.size else 0

    @cached_property
    def price_places(self) -> int:
        """The number of decimal places of the prices."""
        prices = np.concatenate([self.open, self.high, self.low, self.close])
        return decimal_places(prices) if prices.size else DEFAULT_PRICE_PLACES

    @cached_property
    def volume_places(self) -> int:
        """The number of decimal places of the volumes."""
        return decimal_places(self.volume) if self.volume.size else DEFAULT_VOLUME_PLACES


def no_candles(pair: str) -> CandleSeries:
    """Return an empty series for a pair that is listed but never traded."""
    nothing = np.empty(0, dtype=np.float64)
    opens = np.empty(0, dtype=np.int64)
    return CandleSeries(pair, INTERVAL_MS["1s"], opens, nothing, nothing, nothing, nothing, nothing)


def load_candles(
    directory: Path, timeframe: str | None, pairs: Collection[str] = ()
) -> Mapping[str, CandleSeries]:
    """Read the candles of each of `pairs`, or of every pair in `directory`; see `find_candle_files`.

    If `timeframe` is None, the shortest candles of each pair are read. The candles of perpetual contracts are read
    together with those of the pair, and listed under a name such as BTC/USDT:USDT.

    Raises:
        StopProgram: the directory, the timeframe or a pair does not exist, or a file is unusable.
    """
    if timeframe is not None and timeframe not in INTERVAL_MS:
        raise StopProgram(f"--timeframe {timeframe!r} is not one of {', '.join(INTERVAL_MS)}")
    files = [file for file in find_candle_files(directory) if file.kind in {Kind.SPOT, Kind.FUTURES}]
    at_hand: dict[str, CandleFile] = {}
    for file in sorted(files, key=lambda file: INTERVAL_MS.get(file.timeframe, 0)):
        if file.timeframe in INTERVAL_MS and timeframe in {None, file.timeframe}:
            at_hand.setdefault(file.pair, file)
    if not at_hand:
        wanted = timeframe or "1h"
        others = sorted({file.timeframe for file in files})
        hint = f"choose --timeframe from {', '.join(others)}" if others else "it has none of any timeframe"
        raise StopProgram(
            f"{directory} has no candles of {timeframe or 'a timeframe that an exchange has'} "
            f"(such as BTC_USDT-{wanted}.feather); {hint}"
        )
    names = {pair.partition(":")[0] for pair in at_hand}
    if missing := sorted(set(pairs) - names):
        what = f"{timeframe} candles" if timeframe else "candles"
        raise StopProgram(
            f"{directory} has no {what} of {', '.join(missing)}; it has {', '.join(sorted(names))}"
        )
    return {
        pair: read_candles(at_hand[pair])
        for pair in sorted(at_hand)
        if not pairs or pair.partition(":")[0] in pairs
    }


def read_candles(file: CandleFile) -> CandleSeries:
    """Read one file. Raises StopProgram, which names the file, if it is unusable."""
    opens, numbers = read_columns(file.path)
    try:
        return CandleSeries(file.pair, INTERVAL_MS[file.timeframe], opens, *numbers)
    except StopProgram as error:
        raise StopProgram(f"{file.path}: {error}") from None
