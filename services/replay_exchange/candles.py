"""Loads and validates recorded candles from Freqtrade's feather files. Each pair becomes one immutable series."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from services.common.errors import StopProgram
from services.replay_exchange.decimals import Floats, decimal_places
from services.replay_exchange.intervals import INTERVAL_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

Times = npt.NDArray[np.int64]

_FILE_NAME = re.compile(
    r"(?P<base>[A-Z0-9]+)_(?P<quote>[A-Z0-9]+)-(?P<timeframe>[0-9]+[smhdw])\.feather", re.ASCII
)
DEFAULT_PRICE_PLACES = 2
DEFAULT_VOLUME_PLACES = 5
_PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, eq=False)
class CandleSeries:
    """The recorded candles of one pair at one base timeframe, oldest first.

    All times are those of the recording, in milliseconds since the epoch.

    Attributes:
        pair: the pair, for example BTC/USDT.
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
            ("do not open at whole multiples of their timeframe", bool(np.any(self.opens % self.base_ms))),
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


def load_candles(directory: Path, timeframe: str, pairs: Collection[str] = ()) -> Mapping[str, CandleSeries]:
    """Read the file `BASE_QUOTE-TIMEFRAME.feather` of each of `pairs`, or of every pair in `directory`.

    Raises:
        StopProgram: the directory, the timeframe or a pair does not exist, or a file is unusable.
    """
    if timeframe not in INTERVAL_MS:
        raise StopProgram(f"--timeframe {timeframe!r} is not one of {', '.join(INTERVAL_MS)}")
    if not directory.is_dir():
        raise StopProgram(
            f"{directory} is not a directory; --candles names the one with BTC_USDT-1m.feather and the like"
        )
    found = {
        (f"{name['base']}/{name['quote']}", name["timeframe"]): path
        for path in sorted(directory.glob("*.feather"))
        if (name := _FILE_NAME.fullmatch(path.name))
    }
    at_hand = {pair: path for (pair, file_timeframe), path in found.items() if file_timeframe == timeframe}
    if not at_hand:
        others = sorted({file_timeframe for _, file_timeframe in found})
        hint = f"choose --timeframe from {', '.join(others)}" if others else "it has none of any timeframe"
        raise StopProgram(
            f"{directory} has no candles of {timeframe} (such as BTC_USDT-{timeframe}.feather); {hint}"
        )
    if missing := sorted(set(pairs) - set(at_hand)):
        raise StopProgram(
            f"{directory} has no {timeframe} candles of {', '.join(missing)}; it has {', '.join(at_hand)}"
        )
    return {
        pair: _read(path, pair, timeframe) for pair, path in at_hand.items() if not pairs or pair in pairs
    }


def _read(path: Path, pair: str, timeframe: str) -> CandleSeries:
    import pyarrow as pa
    from pyarrow import feather

    def column(values: Any, kind: Any) -> npt.NDArray[Any]:  # noqa: ANN401 - pyarrow publishes no types
        if values.null_count:
            raise StopProgram(f"{path} has rows with empty values; download the candles of {pair} again")
        # Over DLPack, because to_numpy() imports pandas, which doubles the time to start.
        return np.from_dlpack(values.cast(kind).combine_chunks()).copy()

    try:
        table = feather.read_table(path, columns=["date", *_PRICES, "volume"])
        opens = column(table["date"].cast(pa.timestamp("ms", tz="UTC")), pa.int64())
        numbers = [column(table[name], pa.float64()) for name in (*_PRICES, "volume")]
    except (pa.ArrowException, OSError, KeyError) as error:
        raise StopProgram(
            f"{path} is not a candle file of Freqtrade (date, open, high, low, close, volume): {error}"
        ) from error
    if opens.size == 0:
        raise StopProgram(f"{path} has no rows; download the candles of {pair} again or remove the file")
    return CandleSeries(pair, INTERVAL_MS[timeframe], opens, *numbers)
