"""Writes latency percentiles as one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Sequence

from devtools.bench.results import Latencies, percentile

PERCENTS = (*range(1, 100), 99.5, 99.9)


def latency_page(latencies: Sequence[Latencies]) -> str:
    """The text of the HTML page, with one curve of latency over percentile for each entry of `latencies`."""
    import plotly.graph_objects as go  # type: ignore[import-untyped]  # publishes no types

    figure = go.Figure(
        [
            go.Scatter(
                x=[f"{percent:g}" for percent in PERCENTS],
                y=[percentile(each.milliseconds, percent) for percent in PERCENTS],
                name=f"{each.name} ({len(each.milliseconds)} messages)",
                mode="lines",
            )
            for each in latencies
        ],
        {
            "title": {"text": "Latency by percentile"},
            "xaxis": {"title": {"text": "percentile"}, "type": "category", "nticks": 20},
            "yaxis": {"title": {"text": "milliseconds"}, "type": "log", "dtick": "D2"},
            "legend": {"orientation": "h", "y": -0.2},
            "template": "plotly_white",
        },
    )
    page: str = figure.to_html(include_plotlyjs=True, full_html=True, config={"responsive": True})
    return page
