"""Reads candles from a directory in Freqtrade's layout and checks them before anything is computed.

The formats are those of `replay_exchange.candle_files`.

A wrong file is refused with a message that names it. Missing candles are not an error, because exchanges have
outages: `Candles.gaps` reports them, and nothing is filled in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from services.common.errors import StopProgram
from services.common.values import TIMEFRAME_PATTERN, timeframe_seconds
from services.replay_exchange.candle_files import Kind, files_in, read_columns

COLUMNS = ("date", "open", "high", "low", "close", "volume")
_NUMBERS = COLUMNS[1:]


class CandleFile(NamedTuple):
    """A file of candles that is not read yet."""

    pair: str
    timeframe: str
    path: Path


class Gap(NamedTuple):
    """A gap of missing candles between the two neighbours that exist, which open at `after` and `before` (UTC)."""

    after: datetime
    before: datetime
    missing: int


@dataclass(frozen=True, eq=False)
class Candles:
    """The checked candles of one pair and timeframe.

    Attributes:
        pair: the pair's name, for example BTC/USDT.
        timeframe: the length of a candle as Freqtrade writes it, for example 1h.
        path: the file that the candles were read from.
        frame: date (the opening time, datetime64[us, UTC], strictly rising), open, high, low, close and volume
            (float64, finite, prices above zero), index 0, 1, 2 ...; at least one row. Callers must not change it.
    """

    pair: str
    timeframe: str
    path: Path
    frame: pd.DataFrame

    @property
    def length(self) -> timedelta:
        """The length of one candle."""
        return timedelta(seconds=timeframe_seconds(self.timeframe))

    @property
    def start(self) -> datetime:
        """The time at which the first candle opens (UTC)."""
        return _instant(self.frame["date"].iloc[0])

    @property
    def end(self) -> datetime:
        """The time at which the last candle closes (UTC)."""
        return _instant(self.frame["date"].iloc[-1]) + self.length

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """The gaps of missing candles, oldest first."""
        dates = self.frame["date"]
        steps = _opens(dates)[1:] - _opens(dates)[:-1]
        length = self.length // timedelta(microseconds=1)
        return tuple(
            Gap(_instant(dates.iloc[row]), _instant(dates.iloc[row + 1]), int(steps[row] // length) - 1)
            for row in np.flatnonzero(steps > length)
        )

    def between(self, start: datetime | None = None, end: datetime | None = None) -> Candles:
        """Return the candles that open in [start, end), both UTC; None means no limit on that side.

        Raises:
            StopProgram: no candle opens in that time.
        """
        dates = self.frame["date"]
        wanted = np.ones(len(dates), dtype=np.bool_)
        if start is not None:
            wanted &= (dates >= start).to_numpy()
        if end is not None:
            wanted &= (dates < end).to_numpy()
        if not wanted.any():
            raise StopProgram(
                f"{self.path} has no candles from {start or 'its start'} to {end or 'its end'}; "
                f"it reaches from {self.start.isoformat()} to {self.end.isoformat()}"
            )
        return Candles(self.pair, self.timeframe, self.path, self.frame[wanted].reset_index(drop=True))


def list_candles(directory: Path, *, futures: bool = False) -> tuple[CandleFile, ...]:
    """List the candle files of spot pairs, or of perpetual contracts, sorted by name; the list may be empty.

    Raises:
        StopProgram: the directory does not exist.
    """
    if not directory.is_dir():
        raise StopProgram(
            f"{directory} is not a directory; expected one with candles as Freqtrade stores them, "
            "such as BTC_USDT-1h.feather"
        )
    kind = Kind.FUTURES if futures else Kind.SPOT
    return tuple(
        CandleFile(file.pair, file.timeframe, file.path)
        for file in files_in(directory)
        if file.kind is kind and TIMEFRAME_PATTERN.match(file.timeframe)
    )


def load_candles(
    directory: Path, timeframe: str, pairs: Collection[str] = (), *, futures: bool = False
) -> Mapping[str, Candles]:
    """Load the candles of `pairs`, or of every pair that has this timeframe, in the order of the pairs' names.

    Args:
        directory: the directory of the candle files.
        timeframe: the length of a candle.
        pairs: the pairs; if empty, all.
        futures: whether the pairs are perpetual contracts, such as BTC/USDT:USDT.

    Raises:
        StopProgram: the directory or a pair does not exist, or a file is unusable; the message lists what exists.
    """
    files = list_candles(directory, futures=futures)
    at_hand = {file.pair: file for file in files if file.timeframe == timeframe}
    if missing := sorted(set(pairs) - set(at_hand)) or ([] if at_hand else ["any pair"]):
        there = ", ".join(f"{file.pair} {file.timeframe}" for file in files)
        raise StopProgram(
            f"{directory} has no {timeframe} candles of {', '.join(missing)}; "
            f"expected {_file_name(missing[0], timeframe, futures=futures)}; it has {there or 'no candle file at all'}"
        )
    return {pair: read_candles(at_hand[pair]) for pair in sorted(pairs or at_hand)}


def read_candles(file: CandleFile) -> Candles:
    """Read and check one file.

    Raises:
        StopProgram: the file cannot be read, or does not contain candles of its timeframe in rising order whose times
            have a zone; the message names file, row (from 1) and what was expected.
    """
    frame = _typed(file.path, _read(file.path))
    for problem, expected, rows in _problems(frame, file.timeframe):
        if rows.any():
            row = int(np.argmax(rows))
            raise StopProgram(
                f"{file.path}, row {row + 1} ({frame['date'].iloc[row]}): {problem}; expected {expected}"
            )
    return Candles(file.pair, file.timeframe, file.path, frame)


def _read(path: Path) -> pd.DataFrame:
    import pyarrow as pa

    if path.suffix != ".feather":
        opens, numbers = read_columns(path)
        date = pd.to_datetime(opens, unit="ms", utc=True)
        return pd.DataFrame({"date": date, **dict(zip(_NUMBERS, numbers, strict=True))})
    try:
        return pd.read_feather(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise StopProgram(f"{path} is no readable feather file: {error}; download it again") from error


def _file_name(pair: str, timeframe: str, *, futures: bool) -> str:
    such = "" if "/" in pair else "files such as "
    name = (pair if "/" in pair else f"BTC/USDT{':USDT' * futures}").replace("/", "_").replace(":", "_")
    return f"{such}{f'futures/{name}-{timeframe}-futures' if futures else f'{name}-{timeframe}'}.feather"


def _instant(value: pd.Timestamp) -> datetime:
    return value.to_pydatetime()


def _opens(dates: pd.Series[pd.Timestamp]) -> npt.NDArray[np.int64]:
    return np.asarray(dates.astype("int64"), dtype=np.int64)


def _typed(path: Path, raw: pd.DataFrame) -> pd.DataFrame:
    """Return the candle columns with their types and times in UTC; all other columns are left out."""
    if missing := [name for name in COLUMNS if name not in raw.columns]:
        raise StopProgram(
            f"{path} has no column {', '.join(missing)}; expected {', '.join(COLUMNS)}, "
            f"found {', '.join(map(str, raw.columns)) or 'none'}"
        )
    if raw.empty:
        raise StopProgram(f"{path} has no rows; expected at least one candle: download it again or remove it")
    if not isinstance(raw["date"].dtype, pd.DatetimeTZDtype):
        raise StopProgram(
            f"{path}: column date is {raw['date'].dtype}, times without a zone or no times at all; "
            "expected timestamps in UTC, as Freqtrade writes them"
        )
    for name in _NUMBERS:
        if not pd.api.types.is_numeric_dtype(raw[name].dtype):
            raise StopProgram(f"{path}: column {name} is {raw[name].dtype}; expected numbers")
    types = dict.fromkeys(_NUMBERS, "float64") | {"date": "datetime64[us, UTC]"}
    return raw.loc[:, list(COLUMNS)].astype(types).reset_index(drop=True)


def _problems(frame: pd.DataFrame, timeframe: str) -> list[tuple[str, str, npt.NDArray[np.bool_]]]:
    """Check typed candles; each check gives the problem, what was expected, and a mask of the wrong rows."""
    numbers = frame.loc[:, list(_NUMBERS)].to_numpy()
    low, high = frame["low"].to_numpy(), frame["high"].to_numpy()
    body = frame[["open", "close"]].to_numpy()
    no_time = frame["date"].isna().to_numpy()
    opens = _opens(frame["date"].ffill().bfill()) if not no_time.all() else np.arange(len(frame))
    step = np.diff(opens, prepend=opens[0] - 1)
    length = timeframe_seconds(timeframe) * 1_000_000
    return [
        ("no time", "a timestamp in every row", no_time),
        ("the same time as the row before", "each candle once", step == 0),
        ("earlier than the row before", "candles in rising order of time", step < 0),
        (
            f"a time that is no whole number of candles after the first one of {frame['date'].iloc[0]}",
            f"candles of {timeframe}",
            (opens - opens[0]) % length != 0,
        ),
        ("an empty or infinite value", "a number in every column", ~np.isfinite(numbers).all(axis=1)),
        ("a price of zero or less", "prices above zero", (low <= 0) | (body <= 0).any(axis=1)),
        ("a negative volume", "volumes of zero or more", frame["volume"].to_numpy() < 0),
        (
            "a high below or a low above the open or close",
            "low <= open, close <= high",
            (high < body.max(axis=1)) | (low > body.min(axis=1)),
        ),
    ]
