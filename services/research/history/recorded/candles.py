"""Writes the recorded candles to files in Freqtrade's layout."""

from __future__ import annotations

from pathlib import Path

from services.common.errors import StopProgram
from services.common.history.port import HistoryReader
from services.common.history.queries import MAX_LIMIT
from services.common.history.rows import CandleRow
from services.common.values import timeframe_seconds


def write_recorded_candles(reader: HistoryReader, folder: Path) -> tuple[Path, ...]:
    """Write the candles of each spot pair in its shortest recorded timeframe, each in its last version.

    Raises:
        TryLater: the history is not available.
        StopProgram: the history refuses the connection, or has no candles.
    """
    shortest: dict[str, str] = {}
    for symbol, timeframe in reader.timeframes():
        known = shortest.get(symbol, timeframe)
        shortest[symbol] = min(timeframe, known, key=timeframe_seconds)
    written = tuple(
        _write(folder, symbol, timeframe, _candles(reader, symbol, timeframe))
        for symbol, timeframe in shortest.items()
        if ":" not in symbol
    )
    if not written:
        raise StopProgram(
            "the history has no candles of spot pairs: market_streamer publishes them and history_recorder keeps them, "
            "while ./cryptoboy up runs"
        )
    return written


def _candles(reader: HistoryReader, symbol: str, timeframe: str) -> list[CandleRow]:
    found: list[CandleRow] = []
    after: str | None = None
    while True:
        page = reader.candles(symbol, timeframe, limit=MAX_LIMIT, after=after)
        found += page.rows
        after = page.next
        if after is None:
            return found


def _write(folder: Path, symbol: str, timeframe: str, rows: list[CandleRow]) -> Path:
    import pandas as pd

    names = ("open", "high", "low", "close", "volume")
    columns: dict[str, object] = {name: [getattr(row, name) for row in rows] for name in names}
    dates = pd.to_datetime([row.opened for row in rows], utc=True)
    path = folder / f"{symbol.replace('/', '_')}-{timeframe}.feather"
    pd.DataFrame({"date": dates.astype("datetime64[ms, UTC]"), **columns}).to_feather(path)
    return path
