"""Checks a sentiment CSV line by line for errors that a backtest refuses, and for data that would mislead a backtest.

Memory grows by sixteen bytes per row, which are needed to find repeated signals.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.common.errors import StopProgram
from services.common.values import label_of
from services.research.fitness import Reach, Spans, misfits
from services.research.history.archive.news_files import NewsFile, open_plain_csv
from services.research.history.scoring.signal_rows import REQUIRED_COLUMNS
from services.research.history.validation.findings import Findings
from services.research.progress import Progress, quiet

if TYPE_CHECKING:
    from cryptoboy_sentiment import Signal

HOUR = timedelta(hours=1)
PROGRESS_EVERY = 5_000
_UTC_ENDINGS = ("+00:00", "Z")
_TOO_EARLY = "expected no earlier than published"


@dataclass(slots=True)
class PairCoverage:
    """The signals of one pair by month of availability, and the full hours at which any signal was fresh."""

    months: Counter[str] = field(default_factory=Counter)
    fresh_hours: set[datetime] = field(default_factory=set)
    reach: Reach = field(default_factory=Reach)
    first_line_outside: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the coverage as JSON values, for `--json`."""
        hours = Counter(f"{hour:%Y-%m}" for hour in self.fresh_hours)
        return {
            "signals": dict(sorted(self.months.items())),
            "hours_with_fresh_sentiment": dict(sorted(hours.items())),
        }


@dataclass(slots=True)
class SentimentCheck:
    """Checks the rows of one file, one after another.

    Attributes:
        ranges: the spans of time that have candles, by pair; None if the candles are not checked.
        now: the time (UTC) after which no signal may be available.
        staleness: the age since publication beyond which sentiment no longer counts.
        wanted: the pairs whose signals are compared with the candles; if empty, all pairs.
    """

    path: Path
    findings: Findings
    ranges: Spans | None
    now: datetime
    staleness: timedelta
    wanted: frozenset[str] = frozenset()
    rows: int = 0
    pairs: dict[str, PairCoverage] = field(default_factory=dict)
    _last: datetime | None = None
    _hashes: array[int] = field(default_factory=lambda: array("Q"))
    _lines: array[int] = field(default_factory=lambda: array("Q"))

    def row(self, line: int, fields: Mapping[str, str]) -> None:
        """Check one row; `line` is the number of the line on which the row ends."""
        from cryptoboy_sentiment import SignalError, parse_signal

        self.rows += 1
        try:
            signal = parse_signal(fields)
        except SignalError as error:
            text = str(error)
            kind = "before_its_news" if _TOO_EARLY in text else f"bad_{text.split(' ', 1)[0]}"
            self._error(kind, line, text)
            return
        self._check_order(line, signal)
        self._check_values(line, signal, fields)
        self._hashes.append(_hash(signal))
        self._lines.append(line)
        self._cover(line, signal)

    def _error(self, kind: str, line: int, message: str) -> None:
        self.findings.error(kind, str(self.path), f"line {line}: {message}")

    def _warning(self, kind: str, line: int, message: str) -> None:
        self.findings.warning(kind, str(self.path), f"line {line}: {message}")

    def _check_order(self, line: int, signal: Signal) -> None:
        if self._last is not None and signal.available_at < self._last:
            self._error(
                "not_sorted",
                line,
                f"available_at is {signal.available_at.isoformat()}, expected no earlier than "
                f"{self._last.isoformat()} of the line before",
            )
        self._last = signal.available_at

    def _check_values(self, line: int, signal: Signal, fields: Mapping[str, str]) -> None:
        expected = label_of(signal.score).value
        if signal.label != expected:
            self._error(
                "wrong_label", line, f"label is {signal.label}, expected {expected} for {signal.score}"
            )
        if signal.available_at > self.now:
            self._error("in_the_future", line, f"available_at is {signal.available_at.isoformat()}")
        for name in ("available_at", "published"):
            if not fields[name].endswith(_UTC_ENDINGS):
                self._warning("other_time_zone", line, f"{name} is {fields[name]}, expected UTC, +00:00")
        if signal.available_at - signal.published > self.staleness:
            self._warning(
                "stale_at_once",
                line,
                f"published {signal.published.isoformat()}, available {signal.available_at.isoformat()}: "
                "too old to count when it could first be known",
            )

    def _cover(self, line: int, signal: Signal) -> None:
        coverage = self.pairs.setdefault(signal.pair, PairCoverage())
        coverage.months[f"{signal.available_at:%Y-%m}"] += 1
        hour = signal.available_at.replace(minute=0, second=0, microsecond=0) + HOUR
        while hour <= signal.published + self.staleness:
            coverage.fresh_hours.add(hour)
            hour += HOUR
        spans = (self.ranges or {}).get(signal.pair, ())
        reach = coverage.reach
        if any(start <= signal.available_at < end for start, end in spans):
            reach.inside += 1
            return
        reach.outside += 1
        if reach.first_outside is None:
            reach.first_outside, coverage.first_line_outside = signal.available_at, line

    def finish(self) -> None:
        """Check the properties that only the whole file shows."""
        if not self.rows:
            self._error("no_rows", 1, "no signal; expected at least one")
        if self.ranges is not None:
            self._check_ranges(self.ranges)
        self._check_repeated()

    def _check_repeated(self) -> None:
        import numpy as np

        hashes = np.frombuffer(self._hashes, dtype=np.uint64)
        order = np.argsort(hashes, kind="stable")
        again = np.flatnonzero(hashes[order][1:] == hashes[order][:-1]) + 1
        for line in sorted(self._lines[order[place]] for place in again):
            self._error(
                "repeated",
                line,
                "a signal that is there before; expected each article, pair, model and revision once",
            )

    def _check_ranges(self, ranges: Spans) -> None:
        reaches = {
            pair: coverage.reach
            for pair, coverage in self.pairs.items()
            if not self.wanted or pair in self.wanted
        }
        for misfit in misfits(ranges, reaches):
            line = self.pairs[misfit.pair].first_line_outside
            self.findings.error(
                misfit.kind, f"{self.path} {misfit.pair}", f"line {line}: {misfit.message}", misfit.signals
            )
        for pair, reach in reaches.items():
            if reach.inside and reach.first_outside is not None:
                spans = ", ".join(f"{start.isoformat()} to {end.isoformat()}" for start, end in ranges[pair])
                self.findings.warning(
                    "outside_candles",
                    f"{self.path} {pair}",
                    f"line {self.pairs[pair].first_line_outside}: {reach.first_outside.isoformat()} is outside the "
                    f"candles, {spans}",
                    reach.outside,
                )
        for pair in ranges.keys() - self.pairs.keys():
            self.findings.warning("pair_without_signals", str(self.path), f"no signal of {pair}")


def check_sentiment(path: Path, check: SentimentCheck, progress: Progress = quiet) -> None:
    """Check a whole file with `check`, which collects the findings.

    If no line of the file is wrong, the file is also read as a backtest reads it, which must succeed.

    Raises:
        StopProgram: the file does not exist.
    """
    with open_plain_csv(path) as file:
        try:
            _check_rows(file, check, progress)
        except StopProgram as error:
            check.findings.error("unreadable", str(path), str(error))
            return
        if not file.ends_with_a_line:
            check.findings.error(
                "cut_off",
                str(path),
                f"line {file.line}: no line end; expected one after every row: is the file cut off?",
            )
    check.finish()
    if check.findings.ok:
        _read_as_a_backtest(path, check)


def _read_as_a_backtest(path: Path, check: SentimentCheck) -> None:
    from services.research.sentiment_csv import read_sentiment_csv

    try:
        read_sentiment_csv(path, check.now)
    except StopProgram as error:
        check.findings.error("unreadable", str(path), str(error))


def _check_rows(file: NewsFile, check: SentimentCheck, progress: Progress) -> None:
    header, rows = file.plain_rows()
    if missing := [name for name in REQUIRED_COLUMNS if name not in header]:
        raise StopProgram(f"line 1: no column {', '.join(missing)}; expected {','.join(REQUIRED_COLUMNS)}")
    for line, cells in rows:
        check.row(line, dict(zip(header, cells, strict=True)))
        if check.rows % PROGRESS_EVERY == 0:
            progress(file.position(), file.size)


def _hash(signal: Signal) -> int:
    identity = "\0".join((signal.article_id, signal.pair, signal.model, str(signal.revision)))
    return int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=8).digest())
