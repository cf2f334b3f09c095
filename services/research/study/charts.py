"""Draws the charts of a study, one small figure for each horizon; narrow screens show these below each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

import plotly.graph_objects as go  # type: ignore[import-untyped]  # publishes no types
from cryptoboy_sentiment import LABELS

from services.common.forward_returns import short
from services.common.statistics.resampling import Estimate
from services.research.page import INK, error_bars, styled
from services.research.study.study import DELAYS, Cell, Study

_LINE = "#2563a8"
_COLOURS = {
    "very_bearish": "#b3261e",
    "bearish": "#d9776f",
    "neutral": "#7b8794",
    "bullish": "#5aa17f",
    "very_bullish": "#1b7a4b",
}
_ROW_HEIGHT, _FRAME_HEIGHT, _PLAIN_HEIGHT = 26, 90, 300

Draw = Callable[[Sequence[Cell]], go.Figure | None]


class Chart(NamedTuple):
    """A figure with a heading. If the candles are too coarse for its values, `figure` is None and `note` says so."""

    title: str
    figure: go.Figure | None
    note: str = ""


def label_charts(study: Study) -> list[Chart]:
    """Draw the mean abnormal return after signals of each label, with intervals."""

    def figure(cells: Sequence[Cell]) -> go.Figure:
        found = {cell.key["label"]: cell.figures.abnormal for cell in cells if cell.figures}
        labels = [label for label in LABELS if label in found]
        return _dots(
            [label.replace("_", "<br>") for label in labels],
            [found[label] for label in labels],
            colours=[_COLOURS[label] for label in labels],
            axis="abnormal return, %",
        )

    return _by_horizon(study, ("label",), figure)


def correlation_charts(study: Study, name: str, most: int = 25) -> list[Chart]:
    """Draw the rank correlation of score and return by `name` (pair or source), the value with most events on top."""

    def figure(cells: Sequence[Cell]) -> go.Figure | None:
        shown = sorted(cells, key=lambda cell: -(cell.figures.events if cell.figures else 0))
        shown = [cell for cell in shown if cell.figures and cell.figures.correlation.value is not None]
        return _forest(
            [cell.key[name] for cell in shown[:most]],
            [cell.figures.correlation for cell in shown[:most] if cell.figures],
        )

    return _by_horizon(study, (name,), figure)


def decay_charts(study: Study) -> list[Chart]:
    """Draw the rank correlation of score and return against the delay of the entry."""
    charts = []
    for horizon, note in _horizons(study):
        points = [point for point in study.decay if point.horizon == horizon and point.every is not None]
        found = [point.every.correlation for point in points if point.every]
        figure = _dots([short(point.delay) for point in points], found, joined=True, axis="rank correlation")
        charts.append(Chart(f"{short(horizon)} return", None if note else figure, note))
    return charts


def unmeasured_delays(study: Study) -> str:
    """Return a remark on the delays that these candles cannot measure, or an empty string if there are none."""
    missing = [short(delay) for delay in DELAYS if study.reason(delay)]
    return f"Not measurable with {study.timeframe} candles: {', '.join(missing)} late." if missing else ""


def _horizons(study: Study) -> Iterable[tuple[timedelta, str]]:
    for horizon in dict.fromkeys(cell.horizon for cell in study.cells):
        reason = study.reason(horizon)
        yield horizon, f"not measurable, {reason}." if reason else ""


def _by_horizon(study: Study, key: tuple[str, ...], draw: Draw) -> list[Chart]:
    charts = []
    for horizon, note in _horizons(study):
        cells = [cell for cell in study.cells if cell.horizon == horizon and tuple(cell.key) == key]
        figure = draw(cells) if cells and not note else None
        missing = "too few events, or one value only."
        charts.append(Chart(f"{short(horizon)} return", figure, note or ("" if figure else missing)))
    return charts


def _bars(found: Sequence[Estimate]) -> dict[str, object]:
    intervals = [None if one.low is None or one.high is None else (one.low, one.high) for one in found]
    return error_bars([one.value for one in found], intervals)


def _dots(
    names: Sequence[str],
    found: Sequence[Estimate],
    *,
    axis: str,
    colours: Sequence[str] | None = None,
    joined: bool = False,
) -> go.Figure:
    figure = go.Figure(
        go.Scatter(
            x=list(names),
            y=[one.value for one in found],
            error_y=_bars(found),
            mode="lines+markers" if joined else "markers",
            marker={"size": 9, "color": list(colours) if colours else _LINE},
            line={"color": _LINE, "width": 1.2},
            hovertemplate="%{x}: %{y:.4f}<extra></extra>",
        )
    )
    figure.update_layout(height=_PLAIN_HEIGHT, yaxis={"title": {"text": axis, "standoff": 6}})
    figure.update_xaxes(type="category")
    return _plain(figure, zero="y")


def _forest(names: Sequence[str], found: Sequence[Estimate]) -> go.Figure | None:
    if not names:
        return None
    figure = go.Figure(
        go.Scatter(
            x=[one.value for one in found],
            y=list(names),
            error_x=_bars(found),
            mode="markers",
            marker={"size": 8, "color": _LINE},
            hovertemplate="%{y}: %{x:.4f}<extra></extra>",
        )
    )
    figure.update_layout(
        height=_FRAME_HEIGHT + _ROW_HEIGHT * max(len(names), 3), xaxis={"title": "rank correlation"}
    )
    figure.update_yaxes(type="category", autorange="reversed")
    return _plain(figure, zero="x")


def _plain(figure: go.Figure, *, zero: str) -> go.Figure:
    styled(figure, showlegend=False, dragmode=False)
    figure.update_xaxes(zeroline=False, fixedrange=True)
    figure.update_yaxes(zeroline=False, fixedrange=True)
    line = {"line_width": 1.2, "line_color": INK, "opacity": 0.6}
    return figure.add_hline(y=0, **line) if zero == "y" else figure.add_vline(x=0, **line)
