"""Plots the memory and the open resources of each service over time, as one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from devtools.endurance.verdict import COUNTED, Sample

MEBIBYTE = 2**20


def samples_page(samples: Mapping[str, Sequence[Sample]]) -> str:
    """The text of the HTML page: plots of memory and, below it, of open resources over the seconds of the load."""
    from plotly.subplots import make_subplots  # type: ignore[import-untyped]  # publishes no types

    titles = ["resident memory, MiB", *COUNTED]
    figure = make_subplots(rows=len(titles), cols=1, shared_xaxes=True, subplot_titles=titles)
    for row, measure in enumerate(("memory", *COUNTED), start=1):
        unit = MEBIBYTE if measure == "memory" else 1
        for number, (name, seen) in enumerate(samples.items()):
            figure.add_scatter(
                x=[round(each.seconds, 1) for each in seen],
                y=[getattr(each, measure) / unit for each in seen],
                name=name,
                legendgroup=name,
                showlegend=row == 1,
                line_color=_COLOURS[number % len(_COLOURS)],
                row=row,
                col=1,
            )
    figure.update_layout(title="Endurance", template="plotly_white", height=1000)
    figure.update_xaxes(title_text="seconds of load", row=len(titles), col=1)
    figure.update_yaxes(rangemode="tozero")
    page: str = figure.to_html(include_plotlyjs=True, full_html=True, config={"responsive": True})
    return page


_COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b")
