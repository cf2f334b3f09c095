"""The page `Scores`: what the price did after the signals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from services.api.dashboard.charts import performance_figure
from services.api.dashboard.rendering import attempt, render
from services.api.sources import sources
from services.history_recorder.performance.report import Cell

router = APIRouter(include_in_schema=False)
PERIODS = ((1, "last day"), (7, "last week"), (30, "last month"), (365, "last year"))
HORIZONS = ("1h", "4h", "24h")
_GROUPS = (
    ("all", "All", "Group"),
    ("label", "By score", "Score"),
    ("source", "By source", "Source"),
    ("kind", "By kind of news", "Kind"),
    ("model", "By model", "Model"),
    ("scope", "By scope", "Scope"),
)
_IN_THE_CHART = ("all", "label")


@router.get("/scores")
def scores_page(
    request: Request,
    days: Annotated[int, Query(ge=1, le=3660)] = 7,
    horizon: Literal["1h", "4h", "24h"] = "4h",
    pair: str = "",
) -> HTMLResponse:
    """Show how the signals of a period did."""
    asked = sources(request)
    found = attempt(asked, lambda: asked.figures.performance(pair or None, days=days))
    cells = [cell for cell in found.value.cells if cell.horizon == horizon] if found.value else []
    return render(
        request,
        "scores.html.j2",
        found=found,
        days=days,
        periods=PERIODS,
        horizon=horizon,
        horizons=HORIZONS,
        pair=pair,
        choices=asked.settings.trading_pairs,
        groups=_grouped(cells),
        figure=performance_figure([cell for cell in cells if cell.group in _IN_THE_CHART]),
        chart_label=f"How far prices moved in the direction of the scores, {horizon} after them, with 95 % intervals",
    )


def _grouped(cells: Sequence[Cell]) -> list[tuple[str, str, list[Cell]]]:
    found = ((title, head, [cell for cell in cells if cell.group == name]) for name, title, head in _GROUPS)
    return [each for each in found if each[2]]
