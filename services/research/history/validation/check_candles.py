"""Checks a directory of candles and counts them by month; unusable files are errors, missing candles are warnings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from services.common.errors import StopProgram
from services.research.candles import CandleFile, Candles, list_candles, read_candles
from services.research.fitness import MIN_CANDLES, stake_currency
from services.research.history.validation.findings import Findings


@dataclass(slots=True)
class CandleCoverage:
    """The contents of the files of one pair and timeframe. Times are UTC; months are written as 2025-05."""

    pair: str
    timeframe: str
    start: datetime
    end: datetime
    months: Counter[str] = field(default_factory=Counter)
    missing: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the contents as JSON values, for `--json`."""
        return {
            "pair": self.pair,
            "timeframe": self.timeframe,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "missing": self.missing,
            "months": dict(sorted(self.months.items())),
        }


def check_candles(
    directory: Path, timeframe: str | None, pairs: Collection[str], findings: Findings
) -> list[CandleCoverage]:
    """Check the candle files of a directory, limited to one timeframe and to some pairs if these are given.

    Raises:
        StopProgram: the directory does not exist.
    """
    files = [
        file
        for file in list_candles(directory)
        if timeframe in (None, file.timeframe) and (not pairs or file.pair in pairs)
    ]
    for pair in sorted(set(pairs) - {file.pair for file in files}):
        findings.error("no_candles", f"{directory} {pair}", f"no file of candles of {pair}")
    if not files:
        wanted = f"BTC_USDT-{timeframe or '1h'}.feather"
        findings.error("no_candles", str(directory), f"no file of candles; expected names such as {wanted}")
    for length in sorted({file.timeframe for file in files}):
        try:
            stake_currency(file.pair for file in files if file.timeframe == length)
        except StopProgram as error:
            findings.error("several_currencies", str(directory), f"candles of {length}: {error}")
    return [coverage for file in files if (coverage := _check(file, findings)) is not None]


def _check(file: CandleFile, findings: Findings) -> CandleCoverage | None:
    try:
        candles = read_candles(file)
    except StopProgram as error:
        findings.error("unusable_candles", str(file.path), str(error))
        return None
    if (count := len(candles.frame)) < MIN_CANDLES:
        findings.error("too_few_candles", str(file.path), f"{count} candles; expected at least {MIN_CANDLES}")
    missing = sum(gap.missing for gap in candles.gaps)
    if missing:
        gap = max(candles.gaps, key=lambda each: each.missing)
        findings.warning(
            "missing_candles",
            str(file.path),
            f"{missing} candles are missing in {len(candles.gaps)} gaps; the longest, {gap.missing}, after "
            f"the one of {gap.after.isoformat()}",
            missing,
        )
    return _coverage(candles, missing)


def _coverage(candles: Candles, missing: int) -> CandleCoverage:
    months = candles.frame["date"].dt.strftime("%Y-%m").value_counts()
    counted = Counter({str(month): int(count) for month, count in months.items()})
    return CandleCoverage(candles.pair, candles.timeframe, candles.start, candles.end, counted, missing)
