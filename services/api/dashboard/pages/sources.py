"""The page `Sources`: which of them are fast, and which lag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.api.dashboard.rendering import attempt, render
from services.api.sources import sources
from services.operations.sources import SourceReport

router = APIRouter(include_in_schema=False)
SLOW_TIMES, SLOW_SECONDS = 3.0, 600.0
"""A source is slow if its median lag is above ten minutes and above three times that of all sources."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source, and whether it is slow beside the others."""

    report: SourceReport
    is_slow: bool


@router.get("/sources")
def sources_page(request: Request) -> HTMLResponse:
    """Show all sources, the slowest first."""
    asked = sources(request)
    report = attempt(asked, lambda: asked.figures.sources(7))
    found = report.value.sources if report.value else ()
    middle = _median_lag(found)
    rows = [SourceLine(each, _is_slow(each, middle)) for each in sorted(found, key=_lag, reverse=True)]
    slowest = next((row for row in rows if row.report.lag_seconds is not None), None)
    return render(request, "sources.html.j2", report=report, rows=rows, slowest=slowest, median=middle)


def _lag(source: SourceReport) -> float:
    return -1.0 if source.lag_seconds is None else source.lag_seconds


def _median_lag(found: Sequence[SourceReport]) -> float | None:
    known = [each.lag_seconds for each in found if each.lag_seconds is not None]
    return median(known) if known else None


def _is_slow(source: SourceReport, middle: float | None) -> bool:
    if source.lag_seconds is None or middle is None:
        return False
    return source.lag_seconds > max(SLOW_SECONDS, SLOW_TIMES * middle)
