"""Builds the HTML page of a study, one file that needs no other file, with charts, tables and explanations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from services.research.page import embedded, page
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


def study_page(study: Study, tests: Tests) -> str:
    """Return the page as text. The same study gives the same page."""
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
    return page(
        Path(__file__).with_name("page.html.j2"),
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
        (
            chart.title,
            chart.note,
            embedded(chart.figure, f"chart-{section}-{number}") if chart.figure else "",
        )
        for number, chart in enumerate(charts)
    ]


def _groups(found: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the measured cells by grouping, without the large cross-table of labels and sources."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for cell in found["cells"]:
        if cell["events"] is not None and cell["group"] != "label and source":
            groups.setdefault(cell["group"], []).append(cell)
    return groups
