"""The recorded signals as a sentiment CSV, line by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice

from services.common.history.port import HistoryReader
from services.common.history.queries import SignalFilter
from services.common.history.rows import SignalRow
from services.research.history.scoring.signal_rows import COLUMNS, no_formula

LINES_AT_ONCE = 500


def signals_csv(history: HistoryReader, which: SignalFilter) -> Iterator[str]:
    """Yield the header, and then the signals by `available_at`, with all revisions, in parts of 500 lines.

    The file is one that `source` of a strategy, `backtest` and `study` read.

    Raises:
        TryLater, StopProgram: as the history does.
    """
    yield _lines([COLUMNS])
    for rows in _parts(history.every_signal(which)):
        yield _lines(map(_line, rows))


def _parts(rows: Iterator[SignalRow]) -> Iterator[list[SignalRow]]:
    while part := list(islice(rows, LINES_AT_ONCE)):
        yield part


def _lines(rows: Iterable[tuple[object, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _line(row: SignalRow) -> tuple[object, ...]:
    fields = {
        "available_at": row.available_at.isoformat(),
        "published": row.published.isoformat(),
        "score": row.sentiment_score,
        "label": row.sentiment_label,
        "degraded": str(row.degraded).lower(),
        "suspected": str(row.suspected).lower(),
        "corroboration": float(row.corroboration),
        "headline": no_formula(row.headline),
    }
    return tuple(fields[name] if name in fields else getattr(row, name) for name in COLUMNS)
