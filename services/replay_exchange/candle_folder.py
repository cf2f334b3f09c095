"""Makes the folder from which Freqtrade reads its candles, out of the candle files of a directory.

Recorded files are linked if Freqtrade can read them as they are, otherwise converted. Each longer timeframe that was
not recorded can be built from the shortest candles of its pair, as the replay exchange does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from services.replay_exchange.aggregation import Candles, aggregate, base_candles
from services.replay_exchange.candle_files import (
    COLUMNS,
    CandleFile,
    Kind,
    files_in,
    find_candle_files,
    read_columns,
)
from services.replay_exchange.candles import CandleSeries, read_candles
from services.replay_exchange.intervals import INTERVAL_MS, MINUTE_MS, MONTH, can_be_built, next_open

_MARK_TIMEFRAMES = ("1h", "8h")
"""The timeframes of mark prices that Freqtrade reads: its present versions the first, older ones the second."""
_NAMES = {MONTH: "1Mo"}
_BUILT = (*(interval for interval, length in INTERVAL_MS.items() if length >= MINUTE_MS), MONTH)
_PRICED = frozenset({Kind.SPOT, Kind.FUTURES})


@contextmanager
def readable_candles(candles: Path, *, futures: bool = False) -> Iterator[Path]:
    """Yield a directory with the candles in `candles` as Freqtrade can read them: `candles` itself, if it can be.

    Raises:
        StopProgram: a file that has to be converted is unusable.
    """
    if not futures and all(file.path.suffix == ".feather" for file in files_in(candles)):
        yield candles
        return
    with TemporaryDirectory(prefix="cryptoboy-candles-") as name:
        make_candle_folder(candles, Path(name), (), futures=futures, builds=False)
        yield Path(name)


def make_candle_folder(
    candles: Path, folder: Path, pairs: Collection[str], *, futures: bool, builds: bool = True
) -> None:
    """Fill `folder` with candles of `pairs` (none: every pair) for spot trading, or for futures.

    For futures, a pair of which only spot candles are recorded has a contract with the same candles, and a contract
    without recorded mark prices has those of its candles. `builds` says whether longer timeframes are built.

    Raises:
        StopProgram: a file that has to be read is unusable.
    """
    files = find_candle_files(candles)
    used = [file for file in files if not pairs or file.pair.partition(":")[0] in pairs]
    if futures:
        contracts = {file.pair for file in used if file.kind is Kind.FUTURES}
        used = [contract for file in used if (contract := _as_contract(file, contracts))]
    else:
        used = [file for file in used if file.kind is Kind.SPOT]
    (folder / "futures" if futures else folder).mkdir(parents=True, exist_ok=True)
    for pair in sorted({file.pair for file in used}):
        _add_pair(folder, [file for file in used if file.pair == pair], _BUILT if builds else ())


def _as_contract(file: CandleFile, contracts: Collection[str]) -> CandleFile | None:
    """Return the file as one of futures; None if the contract of these spot candles has files of its own."""
    if file.kind is not Kind.SPOT:
        return file
    name = f"{file.pair}:{file.pair.partition('/')[2]}"
    return None if name in contracts else CandleFile(name, file.timeframe, Kind.FUTURES, file.path)


def _add_pair(folder: Path, files: Sequence[CandleFile], built: Sequence[str]) -> None:
    recorded = {(file.kind, file.timeframe): file for file in files}
    for file in files:
        _add_recorded(file, _path(folder, file.pair, file.timeframe, file.kind))
    priced = [file for file in files if file.kind in _PRICED and file.timeframe in INTERVAL_MS]
    if not priced:
        return
    shortest = min(priced, key=lambda file: INTERVAL_MS[file.timeframe])
    wanted = [name for name in built if (shortest.kind, _NAMES.get(name, name)) not in recorded]
    has_marks = any(file.kind is Kind.MARK for file in files)
    marks = _MARK_TIMEFRAMES if shortest.kind is Kind.FUTURES and not has_marks else ()
    if not marks and all(not can_be_built(name, INTERVAL_MS[shortest.timeframe]) for name in wanted):
        return
    series = read_candles(shortest)
    for name, longer in _longer(series, wanted).items():
        _write(longer, _path(folder, shortest.pair, _NAMES.get(name, name), shortest.kind))
    for name in marks:
        prices = _longer(series, [name]).get(name, base_candles(series, 0))
        _write(prices, _path(folder, shortest.pair, name, Kind.MARK))


def _longer(series: CandleSeries, intervals: Iterable[str]) -> Mapping[str, Candles]:
    """Build the candles of these intervals, as far as they consist of whole recorded ones."""
    base = base_candles(series, 0)
    found = {}
    for interval in intervals:
        if not can_be_built(interval, series.base_ms):
            continue
        built = aggregate(base, interval, series.volume_places)
        first = int(built["open_ms"][0] < series.start_ms)
        last = next_open(interval, int(built["open_ms"][-1])) > series.end_ms
        whole = built[first : built.size - last]
        if whole.size:
            found[interval] = whole
    return found


def _path(folder: Path, pair: str, timeframe: str, kind: Kind) -> Path:
    name = f"{pair.replace('/', '_').replace(':', '_')}-{timeframe}"
    if kind is Kind.SPOT:
        return folder / f"{name}.feather"
    return folder / "futures" / f"{name}-{kind}.feather"


def _add_recorded(file: CandleFile, target: Path) -> None:
    if file.path.suffix == ".feather":
        target.symlink_to(file.path.absolute())
        return
    opens, numbers = read_columns(file.path)
    _write_feather(target, opens, dict(zip(COLUMNS, numbers, strict=True)))


def _write(candles: Candles, target: Path) -> None:
    _write_feather(target, candles["open_ms"].copy(), {name: candles[name].copy() for name in COLUMNS})


def _write_feather(target: Path, opens: Any, numbers: Mapping[str, Any]) -> None:  # noqa: ANN401 - arrays
    import pyarrow as pa
    from pyarrow import feather

    date = pa.array(opens).cast(pa.timestamp("ms", tz="UTC"))
    feather.write_feather(pa.table({"date": date, **numbers}), str(target), compression="lz4")
