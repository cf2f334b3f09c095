"""Builds the page of an evaluation: scores with intervals, confusion, and calibration of confidence."""

from __future__ import annotations

import html
from collections.abc import Sequence

import plotly.graph_objects as go  # type: ignore[import-untyped]  # publishes no types
from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]  # publishes no types

from services.research.evaluate.evaluation import Result
from services.research.evaluate.figures import ABSTAINED, CLASSES
from services.research.page import INK, embedded, error_bars, styled

_LINE, _SECOND = "#2563a8", "#c2792b"
_STYLE = (
    "html{scrollbar-gutter:stable}"
    "body{font:15px/1.5 system-ui,sans-serif;color:#1f2933;max-width:62rem;margin:2rem auto;padding:0 1rem}"
    # The width is the same for one chart and for many, because each is drawn before the next one exists.
    "h2{margin-top:2rem}.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(19rem,1fr));gap:1rem}"
    ".charts>div{min-width:0}"
)


def evaluation_page(results: Sequence[Result]) -> str:
    """Return the page as one HTML file that needs no other file. The same results give the same page."""
    parts = []
    for section, dataset in enumerate(dict.fromkeys(one.dataset for one in results)):
        of_it = [one for one in results if one.dataset == dataset]
        parts.append(f"<h2>{html.escape(dataset)}, {of_it[0].figures.n} texts</h2>")
        figures = [_scores(of_it)]
        for one in of_it:
            figures += [_confusion(one)] if one.model else []
            figures += [_reliability(one)] if one.figures.reliability else []
        drawn = [embedded(figure, f"chart-{section}-{number}") for number, figure in enumerate(figures)]
        divs = "".join(f"<div>{each}</div>" for each in drawn)
        parts.append(f'<div class="charts">{divs}</div>')
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Evaluation of scorers</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<script>{get_plotlyjs()}</script></head><body><h1>Evaluation of scorers</h1>"
        "<p>Intervals are 95%, from resampled texts. An abstention counts as an error.</p>"
        f"{''.join(parts)}</body></html>\n"
    )


def _scores(results: Sequence[Result]) -> go.Figure:
    names = [one.scorer for one in results]
    figure = go.Figure()
    for name, colour, values, intervals in (
        (
            "accuracy",
            _LINE,
            [one.figures.accuracy for one in results],
            [one.figures.accuracy_interval for one in results],
        ),
        (
            "macro-F1",
            _SECOND,
            [one.figures.macro_f1 for one in results],
            [one.figures.macro_f1_interval for one in results],
        ),
    ):
        figure.add_scatter(
            x=names,
            y=values,
            name=name,
            mode="markers",
            marker={"size": 9, "color": colour},
            error_y=error_bars(values, intervals),
        )
    figure.update_layout(title="Accuracy and macro-F1", scattermode="group", legend={"orientation": "h"})
    return _plain(figure, y=[0, 1])


def _confusion(one: Result) -> go.Figure:
    figure = go.Figure(
        go.Heatmap(
            x=[*(label.value for label in CLASSES), ABSTAINED],
            y=[label.value for label in CLASSES],
            z=one.figures.confusion,
            texttemplate="%{z}",
            colorscale="Blues",
            showscale=False,
        )
    )
    figure.update_layout(
        title=f"{one.scorer}: labelled (rows), said (columns)", yaxis={"autorange": "reversed"}
    )
    return _plain(figure)


def _reliability(one: Result) -> go.Figure:
    bins = one.figures.reliability
    figure = go.Figure()
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dot", "color": INK}, hoverinfo="skip")
    figure.add_scatter(
        x=[held.confidence for held in bins],
        y=[held.right for held in bins],
        text=[f"{held.n} texts" for held in bins],
        mode="lines+markers",
        marker={"size": 9, "color": _LINE},
    )
    figure.update_layout(
        title=f"{one.scorer}: confidence and share right", showlegend=False, xaxis={"range": [0, 1]}
    )
    return _plain(figure, y=[0, 1])


def _plain(figure: go.Figure, y: list[float] | None = None) -> go.Figure:
    margin = {"l": 8, "r": 8, "t": 44, "b": 8}
    styled(figure, height=340, margin=margin, title_font_size=13, dragmode=False)
    figure.update_xaxes(fixedrange=True)
    return figure.update_yaxes(fixedrange=True, range=y) if y else figure.update_yaxes(fixedrange=True)
