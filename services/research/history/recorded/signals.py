"""Writes the recorded signals to a sentiment CSV, as the strategy saw them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from services.common.errors import StopProgram
from services.common.history.port import HistoryReader
from services.common.history.queries import SignalFilter
from services.common.history.rows import SignalRow
from services.research.history.output import StepwiseCsv
from services.research.history.scoring.exporting import PAGE, ExportReport, file_order
from services.research.history.scoring.signal_rows import COLUMNS, row_of

if TYPE_CHECKING:
    from cryptoboy_sentiment import Signal


def export_recorded(reader: HistoryReader, which: SignalFilter, out: Path) -> ExportReport:
    """Write the recorded signals to `out`, which appears when it is complete.

    A signal that the strategy refuses is left out and counted.

    Raises:
        TryLater: the history is not available.
        StopProgram: the history refuses the connection, or has no such signal.
    """
    report = ExportReport(out, Counter(), Counter(), {})
    with StepwiseCsv(out, COLUMNS, ["export"], resume=False) as file:
        found = _signals(reader, which, report)
        while some := list(islice(found, PAGE)):
            for signal in some:
                report.count(signal)
            file.step(map(row_of, some), None)
        if not report.signals:
            raise StopProgram(
                f"the history has no signals{_asked(which)}: history_recorder fills it while the system runs, which "
                "./cryptoboy up starts"
            )
        file.finish()
    return report


def _signals(reader: HistoryReader, which: SignalFilter, report: ExportReport) -> Iterator[Signal]:
    """Yield the signals in file order; the history knows no order of signals of the same instant."""
    for _, together in groupby(reader.every_signal(which), key=attrgetter("available_at")):
        found = []
        for row in together:
            signal = as_signal(row)
            if signal is None:
                report.unreadable[row.pair] += 1
                report.problems.setdefault(
                    row.pair, f"published {row.published.isoformat()}, after available_at"
                )
            else:
                found.append(signal)
        yield from sorted(found, key=file_order)


def as_signal(row: SignalRow) -> Signal | None:
    """Return the signal that the strategy makes of a recorded one; None if the strategy refuses it."""
    from cryptoboy_sentiment import Signal
    from cryptoboy_sentiment.signals import CLOCK_SKEW

    if row.published > row.available_at + CLOCK_SKEW:
        return None
    return Signal(
        available_at=row.available_at,
        published=min(row.published, row.available_at),
        pair=row.pair,
        score=row.sentiment_score,
        label=row.sentiment_label,
        confidence=row.confidence,
        scope=row.scope,
        degraded=row.degraded,
        weight=row.weight,
        corroboration=float(row.corroboration),
        article_id=row.article_id,
        revision=row.revision,
        source=row.source,
        headline=row.headline,
        model=row.model,
        owner=row.owner,
        suspected=row.suspected,
        event_type=row.event_type,
    )


def _asked(which: SignalFilter) -> str:
    pairs = f" of {', '.join(which.pairs)}" if which.pairs else ""
    since = f" from {which.since.isoformat()}" if which.since else ""
    return pairs + since + (f" until {which.until.isoformat()}" if which.until else "")
