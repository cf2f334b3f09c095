"""Draws the charts of a backtest so that they can be read on wide and on narrow screens."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go  # type: ignore[import-untyped]  # publishes no types
from plotly.subplots import make_subplots  # type: ignore[import-untyped]  # publishes no types

from services.research.backtest.equity import Floats, drawdown_pct
from services.research.backtest.plan import Variant
from services.research.backtest.run import Backtest
from services.research.page import INK, styled

COLOURS = {
    Variant.COMBINED: "#2563a8",
    Variant.TECHNICAL: "#d97706",
    Variant.SENTIMENT: "#7c3aed",
    Variant.BUY_AND_HOLD: "#8a94a0",
}
_GAIN, _LOSS = "#15803d", "#b91c1c"
_MOST_POINTS = 3000
_MOST_NEWS = 5000
_HEADLINE = 90


def equity_chart(found: Backtest) -> Any:  # noqa: ANN401 - plotly publishes no types
    """Draw the worth of each variant's account, in percent of its start."""
    return _lines(found, "profit, %", "%{y:+.2f}%", lambda worth: worth / worth[0] * 100 - 100)


def drawdown_chart(found: Backtest) -> Any:  # noqa: ANN401 - plotly publishes no types
    """Draw how far each account lay below its highest worth so far."""
    return _lines(found, "below the peak, %", "%{y:.2f}%", lambda worth: -drawdown_pct(worth))


def _lines(found: Backtest, vertical: str, hover: str, values: Callable[[Floats], Floats]) -> Any:  # noqa: ANN401 - plotly publishes no types
    figure = go.Figure()
    for variant, account in found.accounts.items():
        shown = _thinned(len(account.equity.times))
        figure.add_scatter(
            x=account.equity.times[shown],
            y=values(account.equity.worth)[shown].round(4),
            name=variant.value.replace("_", " "),
            line={"color": COLOURS[variant], "width": 2.2 if variant is Variant.COMBINED else 1.4},
            hovertemplate=hover,
        )
    return _timed(_styled(figure, vertical), found)


def control_chart(found: Backtest) -> Any:  # noqa: ANN401 - plotly publishes no types
    """Draw the effect of sentiment among the effects of the controls."""
    figure = go.Figure()
    figure.add_histogram(
        x=np.round(found.differences, 6), nbinsx=40, marker={"color": "#b8c4d0"}, name="controls"
    )
    figure.add_vline(x=found.difference, line={"color": COLOURS[Variant.COMBINED], "width": 3})
    centre = float(np.median(found.differences))
    figure.add_vline(x=centre, line={"color": INK, "width": 1, "dash": "dot"})
    _styled(figure, "controls")
    figure.update_layout(showlegend=False, hovermode="closest", bargap=0.03)
    figure.update_xaxes(title={"text": "percentage points"})
    return figure


def pair_chart(found: Backtest, pair: str) -> Any:  # noqa: ANN401 - plotly publishes no types
    """Draw a pair's price with the trades of the whole strategy, and below it the news beyond the thresholds."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.68, 0.32], vertical_spacing=0.05)
    frame = found.frames[pair]
    shown = _thinned(len(frame))
    figure.add_scatter(
        x=frame["date"].iloc[shown],
        y=frame["close"].iloc[shown],
        name="price",
        line={"color": "#9aa5b1", "width": 1.2},
        hovertemplate="%{y:,.2f}",
        row=1,
        col=1,
    )
    for trace in (*_trades(found, pair), *_news(found, pair)):
        figure.add_trace(trace[0], row=trace[1], col=1)
    _styled(figure, "price")
    figure.update_layout(height=460, hovermode="closest")
    figure.update_yaxes(title={"text": "score"}, range=[-1.1, 1.1], row=2, col=1)
    return _timed(figure, found)


def news_left_out(found: Backtest, pair: str) -> int:
    """Return the number of signals beyond the thresholds that are not drawn because the chart would have too many."""
    return max(0, len(_beyond(found, pair)) - _MOST_NEWS)


def _trades(found: Backtest, pair: str) -> list[tuple[Any, int]]:
    trades = found.accounts[Variant.COMBINED].ran.trades
    mine = trades[trades["pair"] == pair]
    up = {"symbol": "triangle-up", "size": 11, "color": COLOURS[Variant.COMBINED]}
    tags = [str(tag) for tag in mine["enter_tag"]]
    marks = [(_marks("entry", mine["open_date"], mine["open_rate"], up, "in at %{y:,.2f}", tags), 1)]
    for name, colour, some in (
        ("gain", _GAIN, mine[mine["profit_ratio"] > 0]),
        ("loss", _LOSS, mine[~(mine["profit_ratio"] > 0)]),
    ):
        down = {"symbol": "triangle-down", "size": 11, "color": colour}
        ratios = [f"{ratio:+.2%}" for ratio in some["profit_ratio"]]
        reasons = [str(reason) for reason in some["exit_reason"]]
        marks.append(
            (
                _marks(
                    name, some["close_date"], some["close_rate"], down, "out at %{y:,.2f}", ratios, reasons
                ),
                1,
            )
        )
    return marks


def _news(found: Backtest, pair: str) -> list[tuple[Any, int]]:
    beyond = _beyond(found, pair)
    drawn = beyond.loc[beyond["score"].abs().nlargest(_MOST_NEWS).index].sort_index()
    marks = []
    for name, colour, some in (
        ("good news", _GAIN, drawn[drawn["score"] > 0]),
        ("bad news", _LOSS, drawn[drawn["score"] < 0]),
    ):
        dot = {"size": 4, "color": colour, "opacity": 0.45}
        headlines = [headline[:_HEADLINE] for headline in some["headline"]]
        marks.append((_marks(name, some["available_at"], some["score"], dot, "%{y:+.2f}", headlines), 2))
    return marks


def _marks(
    name: str,
    times: pd.Series[Any],
    heights: pd.Series[Any],
    marker: dict[str, Any],
    hover: str,
    *lines: list[str],
) -> Any:  # noqa: ANN401 - plotly publishes no types
    """Draw points in time, each with the lines of text that belong to it."""
    return go.Scatter(
        x=times,
        y=heights,
        name=name,
        mode="markers",
        marker=marker,
        text=["<br>".join(map(escape, texts)) for texts in zip(*lines, strict=True)],
        hovertemplate=f"{hover}<br>%{{text}}<extra></extra>",
    )


def _beyond(found: Backtest, pair: str) -> pd.DataFrame:
    signals = found.inputs.signals_of(pair)
    mine = signals[(signals["available_at"] >= found.start) & (signals["available_at"] < found.end)]
    above, below = found.levels
    return mine[(mine["score"] > above) | (mine["score"] < below)]


def _thinned(points: int) -> slice:
    return slice(None, None, max(1, -(-points // _MOST_POINTS)))


def _timed(figure: Any, found: Backtest) -> Any:  # noqa: ANN401 - plotly publishes no types
    """Give the chart the time range that all charts share, so that they can be compared."""
    figure.update_xaxes(range=[found.start, found.end])
    return figure


def _styled(figure: Any, vertical: str) -> Any:  # noqa: ANN401 - plotly publishes no types
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "font": {"size": 11}}
    styled(figure, height=340, legend=legend, hovermode="x unified")
    figure.update_xaxes(nticks=7)
    figure.update_yaxes(title={"text": vertical, "standoff": 4})
    return figure
