"""Finds the candle files of a directory, in Freqtrade's formats or as CSV, and reads their columns."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from services.common.errors import StopProgram

COLUMNS = ("open", "high", "low", "close", "volume")
Columns = tuple[npt.NDArray[np.int64], Sequence[npt.NDArray[np.float64]]]
"""The opening times in milliseconds since the epoch, and the columns of COLUMNS."""
FORMATS = (".feather", ".parquet", ".json.gz", ".json", ".csv")
"""The suffixes of candle files. If a directory has the same candles in several formats, the first of these is read."""
_FILE_NAME = re.compile(
    r"(?P<base>[A-Z0-9]{1,20})_(?P<quote>[A-Z0-9]{1,20})(?:_(?P<settle>[A-Z0-9]{1,20}))?"
    r"-(?P<timeframe>[1-9][0-9]{0,3}(?:[smhdw]|Mo))(?:-(?P<kind>futures|mark|funding_rate))?"
    r"(?P<format>\.feather|\.parquet|\.json\.gz|\.json|\.csv)",
    re.ASCII,
)
_FUTURES = "futures"
_USER_DATA = "data"


class Kind(StrEnum):
    """What a file records."""

    SPOT = "spot"
    FUTURES = "futures"
    MARK = "mark"
    FUNDING_RATE = "funding_rate"


@dataclass(frozen=True)
class CandleFile:
    """A file that is not read yet. The pair of a perpetual contract is written as in BTC/USDT:USDT."""

    pair: str
    timeframe: str
    kind: Kind
    path: Path


def find_candle_files(directory: Path) -> Sequence[CandleFile]:
    """List the candle files of `directory`, or of the exchange's folder in it (`data/EXCHANGE` in a user_data folder).

    Candles of futures may lie in a folder `futures`, as Freqtrade stores them. Each pair, timeframe and kind is
    listed once, ordered by name.

    Raises:
        StopProgram: the directory does not exist, or has no candle files, or has those of several exchanges.
    """
    if not directory.is_dir():
        raise StopProgram(
            f"{directory} is not a directory; --candles names the one with BTC_USDT-1m.feather and the like"
        )
    if found := files_in(directory):
        return found
    places = {
        folder: files
        for above in (directory, directory / _USER_DATA)
        if above.is_dir()
        for folder in sorted(above.iterdir())
        if folder.is_dir() and folder.name != _FUTURES and (files := files_in(folder))
    }
    if len(places) > 1:
        raise StopProgram(
            f"{directory} has the candles of several exchanges; name one of {', '.join(map(str, places))}"
        )
    return next(iter(places.values()), ())


def read_columns(path: Path) -> Columns:
    """Read one file.

    Raises:
        StopProgram: the file is damaged, has empty values or no rows, or is not a candle file.
    """
    import pyarrow as pa

    suffix = next(one for one in FORMATS if path.name.endswith(one))
    try:
        opens, numbers = _READERS[suffix](path)
    except (pa.ArrowException, OSError, KeyError, ValueError, TypeError, EOFError) as error:
        raise StopProgram(
            f"{path} is not a candle file of Freqtrade (date, open, high, low, close, volume): {error}"
        ) from error
    if opens.size == 0:
        raise StopProgram(f"{path} has no rows; download its candles again or remove the file")
    return opens, numbers


def files_in(folder: Path) -> Sequence[CandleFile]:
    """List the candle files in `folder` and in its folder `futures`; see `find_candle_files`."""
    found: dict[tuple[str, str, Kind], tuple[int, CandleFile]] = {}
    for place in (folder, folder / _FUTURES):
        for path in sorted(place.iterdir()) if place.is_dir() else ():
            if (name := _FILE_NAME.fullmatch(path.name)) and (file := _file(name, path)):
                key = file.pair, file.timeframe, file.kind
                rank = FORMATS.index(name["format"])
                if key not in found or rank < found[key][0]:
                    found[key] = rank, file
    return [file for _, (_, file) in sorted(found.items())]


def _file(name: re.Match[str], path: Path) -> CandleFile | None:
    """Return the file that has this name; None for an inverse contract, which is paid in its base currency."""
    pair, settle = f"{name['base']}/{name['quote']}", name["settle"]
    if name["kind"] is None:
        return None if settle else CandleFile(pair, name["timeframe"], Kind.SPOT, path)
    if (settle or name["quote"]) != name["quote"]:
        return None
    return CandleFile(f"{pair}:{name['quote']}", name["timeframe"], Kind(name["kind"]), path)


def _from_table(table: Any) -> Columns:  # noqa: ANN401 - pyarrow publishes no types
    import pyarrow as pa

    date = table["date"]
    if not pa.types.is_integer(date.type):
        date = date.cast(pa.timestamp("ms", tz="UTC"))

    def column(values: Any, kind: Any) -> npt.NDArray[Any]:  # noqa: ANN401 - as above
        if values.null_count:
            raise ValueError("rows with empty values")
        # Over DLPack, because to_numpy() imports pandas, which doubles the time to start.
        return np.from_dlpack(values.cast(kind).combine_chunks()).copy()

    return column(date, pa.int64()), [column(table[name], pa.float64()) for name in COLUMNS]


def _read_feather(path: Path) -> Columns:
    from pyarrow import feather

    return _from_table(feather.read_table(path, columns=["date", *COLUMNS]))


def _read_parquet(path: Path) -> Columns:
    from pyarrow import parquet

    return _from_table(parquet.read_table(path, columns=["date", *COLUMNS]))


def _read_csv(path: Path) -> Columns:
    from pyarrow import csv

    return _from_table(csv.read_csv(path))


def _read_json(path: Path) -> Columns:
    text = gzip.decompress(path.read_bytes()) if path.name.endswith(".gz") else path.read_bytes()
    rows = np.array(json.loads(text), dtype=np.float64).reshape(-1, 1 + len(COLUMNS))
    return rows[:, 0].astype(np.int64), [
        np.ascontiguousarray(rows[:, index]) for index in range(1, 1 + len(COLUMNS))
    ]


_READERS: dict[str, Callable[[Path], Columns]] = {
    ".feather": _read_feather,
    ".parquet": _read_parquet,
    ".json.gz": _read_json,
    ".json": _read_json,
    ".csv": _read_csv,
}
