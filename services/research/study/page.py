"""The study as one HTML file that needs nothing beside it: charts, tables, and the words that go with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]  # publishes no types

from services.research.study.charts import (
    Chart,
    correlation_charts,
    decay_charts,
    label_charts,
    unmeasured_delays,
)
from services.research.study.conclusions import Tests
from services.research.study.report import study_json
from services.research.study.study import Study

_CONFIG = {"responsive": True, "displayModeBar": False}


def study_page(study: Study, tests: Tests) -> str:
    """The page as text. The same study gives the same page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["signed"] = _signed
    environment.filters["interval"] = _interval
    found = study_json(study, tests)
    sections = [
        (
            "After signals of each label",
            "Mean return less the pair's own mean over the period, entered at the next open, with 95% intervals.",
            label_charts(study),
        ),
        ("Score and return, by pair", _CORRELATION, correlation_charts(study, "pair")),
        ("Score and return, by source", _CORRELATION, correlation_charts(study, "source")),
        (
            "Entering late",
            f"Rank correlation of score and return when the entry is delayed. {unmeasured_delays(study)}",
            decay_charts(study),
        ),
    ]
    return environment.get_template("page.html.j2").render(
        plotly=Markup(get_plotlyjs()),  # noqa: S704 - the library's own script, as installed # nosec B704
        found=found,
        sections=[
            (title, text, _drawn(charts, number)) for number, (title, text, charts) in enumerate(sections)
        ],
        groups=_groups(found),
    )


_CORRELATION = (
    "Spearman's rank correlation with 95% intervals. "
    "Right of the line, a higher score was followed by a higher return."
)


def _drawn(charts: list[Chart], section: int) -> list[tuple[str, str, str]]:
    return [
        (chart.title, chart.note, _embedded(chart, f"chart-{section}-{number}"))
        for number, chart in enumerate(charts)
    ]


def _embedded(chart: Chart, name: str) -> str:
    if chart.figure is None:
        return ""
    drawn = chart.figure.to_html(full_html=False, include_plotlyjs=False, div_id=name, config=_CONFIG)
    return Markup(drawn)  # noqa: S704 - plotly escapes the names it is given # nosec B704


def _groups(found: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The measured cells by grouping, without the large crossing of labels and sources."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for cell in found["cells"]:
        if cell["events"] is not None and cell["group"] != "label and source":
            groups.setdefault(cell["group"], []).append(cell)
    return groups


def _signed(value: float | None, places: int = 3) -> str:
    return "-" if value is None else f"{value:+.{places}f}"


def _interval(value: list[float] | None, places: int = 3) -> str:
    return "" if value is None else f"[{value[0]:+.{places}f}, {value[1]:+.{places}f}]"
