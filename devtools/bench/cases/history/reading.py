"""The case that measures the answers from a history with a million signals."""

from __future__ import annotations

import sqlite3
import time
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from devtools.bench.lab import Lab
from devtools.bench.results import Rows, at_most, compare, percentile
from services.api.answers import json_text
from services.common.history.batch import Batch
from services.common.history.open import open_reader
from services.common.history.port import HistoryReader
from services.common.history.queries import ArticleFilter, EventFilter, ScoringFilter, SignalFilter
from services.common.history.rows import Kind
from services.common.history.sql.schema.columns import to_us
from services.common.history.writing import open_history
from services.common.settings.history import FILE_NAME
from services.common.settings.settings import Settings
from services.history_recorder.performance.program import summaries
from services.operations.other_programs.signals_csv import signals_csv
from services.operations.performance import read_performance

SIGNALS = 1_000_000
CALLS = 40
LIMIT_MS = 50.0
LIMIT_MB = 16.0
"""The most memory that the rows of one answer may need."""
BEGIN = datetime(2025, 11, 1, tzinfo=UTC)
SECONDS_APART = 30
PAIR = "COIN3/USDT"
EXPORTED = 20_000
MEASURED_WHEN_ASKED = "performance_of_pair"
"""The answer for which nothing is promised, as it is measured while somebody waits."""
_ROWS = Path(__file__).with_name("history_rows.sql")


def history_reads(lab: Lab) -> Rows:
    """Milliseconds within which 95% of the calls of each list are answered as JSON, and the memory of the largest."""
    settings = Settings(state_dir=lab.folder / "history")
    lab.report("filling a history")
    fill(settings, lab.amount(SIGNALS))
    with closing(open_reader(settings)) as reader:
        for name, call in _answers(reader):
            values = [_p95(call) for _ in lab.runs()]
            limits = [LIMIT_MS] * len(values)
            note = "p95; the baseline is the limit"
            target = None if name == MEASURED_WHEN_ASKED else at_most(1.0)
            yield compare(f"history_reads.{name}", "ms", values, limits, target, note=note)
        values = [max(_peak_mb(call) for _, call in _largest(reader)) for _ in lab.runs()]
        yield compare(
            "history_reads.memory",
            "MB",
            values,
            [LIMIT_MB] * len(values),
            at_most(1.0),
            note="of the largest answer; the baseline is the limit",
        )


def fill(settings: Settings, signals: int) -> None:
    """Make a history with so many signals, half as many articles, as many changes, and outcomes of the newest."""
    with closing(open_history(settings)) as writer:
        writer.check()
    numbers = {"signals": signals, "begin": to_us(BEGIN), "apart": SECONDS_APART * 1_000_000}
    with closing(sqlite3.connect(settings.state_dir / FILE_NAME)) as db:
        for statement in _ROWS.read_text().split(";\n"):
            with db:
                db.execute(statement, numbers if ":" in statement else {})
    with closing(open_history(settings)) as writer, closing(open_reader(settings)) as reader:
        writer.write(Batch(summaries=summaries(reader, _after(signals))))


def _after(signals: int) -> datetime:
    """The instant after so many signals."""
    return BEGIN + timedelta(seconds=(signals + 1) * SECONDS_APART)


def _lists(reader: HistoryReader) -> tuple[tuple[str, Callable[[], object]], ...]:
    _, newest = reader.seqs()
    middle = BEGIN + timedelta(seconds=newest * SECONDS_APART / 2)
    page = reader.signals(limit=50, which=SignalFilter(until=middle)).next
    return (
        ("articles", reader.articles),
        ("articles_of_sources", lambda: reader.articles(ArticleFilter(sources=["source1", "source2"]))),
        ("scorings", lambda: reader.scorings(ScoringFilter(outcomes=["retold"]))),
        ("signals", lambda: reader.signals(after=page)),
        ("signals_of_pair", lambda: reader.signals(SignalFilter(pairs=[PAIR], until=middle))),
        ("signals_of_kind", lambda: reader.signals(SignalFilter(event_types=["hack"], most=-0.7))),
        ("signals_of_market", lambda: reader.signals(SignalFilter(scope="market", least=0.9))),
        ("signals_of_score", lambda: reader.signals(SignalFilter(least=1.0))),
        ("candles_of_day", lambda: reader.candles(PAIR, "1m", since=middle, limit=1_000)),
        ("changes", lambda: reader.changes(newest // 2, EventFilter(kinds=[Kind.SIGNAL], pairs=[PAIR]))),
    )


def _answers(reader: HistoryReader) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is answered, each with its name; written as JSON as the API does."""
    end = _after(reader.counts()["signals"])
    for name, call in _lists(reader):
        yield name, partial(_as_json, call)
    yield "performance", lambda: json_text(read_performance(reader, now=end))
    yield MEASURED_WHEN_ASKED, lambda: json_text(read_performance(reader, pair=PAIR, now=end))


def _largest(reader: HistoryReader) -> Iterator[tuple[str, Callable[[], object]]]:
    """The same, and an export, of which no part is kept."""
    yield from _answers(reader)
    which = SignalFilter(until=_after(EXPORTED))
    yield "export", lambda: deque(signals_csv(reader, which), maxlen=0)


def _as_json(call: Callable[[], object]) -> str:
    return json_text(call())


def _p95(call: Callable[[], object]) -> float:
    """The milliseconds within which 95% of the calls end."""
    times = []
    for _ in range(CALLS):
        begin = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - begin))
    return percentile(times, 95)


def _peak_mb(call: Callable[[], object]) -> float:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
