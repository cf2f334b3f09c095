"""Checks candles and sentiment separately, and whether they fit each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from services.common.errors import StopProgram
from services.research.fitness import Spans
from services.research.history.validation.check_candles import CandleCoverage, check_candles
from services.research.history.validation.check_sentiment import PairCoverage, SentimentCheck, check_sentiment
from services.research.history.validation.findings import Findings, Level
from services.research.progress import Progress, quiet


@dataclass(frozen=True, slots=True)
class Validation:
    """The findings of a check, and the amount of data by pair and month."""

    findings: Findings
    candles: list[CandleCoverage]
    sentiment: dict[str, PairCoverage]
    rows: int

    def as_json(self) -> dict[str, Any]:
        """Return the findings and amounts as JSON values, for `--json`."""
        return {
            "ok": self.findings.ok,
            "errors": [finding.as_json() for finding in self.findings.of(Level.ERROR)],
            "warnings": [finding.as_json() for finding in self.findings.of(Level.WARNING)],
            "candles": [coverage.as_json() for coverage in self.candles],
            "sentiment": {
                "rows": self.rows,
                "pairs": {pair: coverage.as_json() for pair, coverage in sorted(self.sentiment.items())},
            },
        }


def validate(
    candles: Path | None,
    sentiment: Path | None,
    *,
    timeframe: str | None,
    pairs: Collection[str] = (),
    staleness: timedelta,
    now: datetime,
    progress: Progress = quiet,
) -> Validation:
    """Check the candles, the sentiment, or both, depending on which are given.

    Args:
        candles: a directory in Freqtrade's layout.
        sentiment: a sentiment CSV as `score_archive` writes it.
        timeframe: the timeframe of the candles to check; if None, all timeframes.
        pairs: the pairs whose candles and signals are compared with each other; if empty, all pairs.
        staleness: the age since publication beyond which sentiment no longer counts.
        now: the time (UTC) after which nothing may be dated.
        progress: called with the number of bytes of the sentiment CSV that are read, and the total number.

    Raises:
        StopProgram: neither candles nor sentiment are given, or a given path does not exist.
    """
    if candles is None and sentiment is None:
        raise StopProgram("nothing to check; give --candles DIRECTORY, --sentiment FILE or both")
    findings = Findings()
    coverages: list[CandleCoverage] = []
    spans: Spans | None = None
    if candles is not None:
        coverages = check_candles(candles, timeframe, pairs, findings)
        spans = _spans(coverages)
    if sentiment is None:
        return Validation(findings, coverages, {}, 0)
    check = SentimentCheck(sentiment, findings, spans, now, staleness, frozenset(pairs))
    check_sentiment(sentiment, check, progress)
    return Validation(findings, coverages, check.pairs, check.rows)


def _spans(coverages: list[CandleCoverage]) -> Spans:
    spans: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for coverage in coverages:
        spans[coverage.pair].append((coverage.start, coverage.end))
    return spans
