"""The charts of a backtest, drawn so that they read at the width of a desk and of a hand."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go  # type: ignore[import-untyped]  # publishes no types
from plotly.subplots import make_subplots  # type: ignore[import-untyped]  # publishes no types

from services.research.backtest.equity import drawdown_pct
from services.research.backtest.plan import Variant
from services.research.backtest.run import Backtest

COLOURS = {
    Variant.COMBINED: "#2563a8",
    Variant.TECHNICAL: "#d97706",
    Variant.SENTIMENT: "#7c3aed",
    Variant.BUY_AND_HOLD: "#8a94a0",
}
_GAIN, _LOSS, _INK, _LINE = "#15803d", "#b91c1c", "#1f2933", "#e4e7eb"
_MOST_POINTS = 3000
_MOST_NEWS = 5000
_HEADLINE = 90


def equity_chart(found: Backtest) -> Any:  # noqa: ANN401 - plotly publishes no types
    """What each variant's account was worth, percent of its start."""
    figure = go.Figure()
    for variant, account in found.accounts.items():
        shown = _thinned(len(account.equity.times))
        worth = account.equity.worth / account.equity.worth[0] * 100 - 100
        figure.add_scatter(
            x=account.equity.times[shown],
            y=worth[shown].round(4),
            name=_name(variant),
            line={"color": COLOURS[variant], "width": 2.2 if variant is Variant.COMBINED else 1.4},
            hovertemplate="%{y:+.2f}%",
        )
    return _timed(_styled(figure, "profit, %"), found)


def drawdown_chart(found: Backtest) -> Any:  # noqa: ANN401 - plotly publishes no types
    """How far each account lay below its highest worth so far."""
    figure = go.Figure()
    for variant, account in found.accounts.items():
        shown = _thinned(len(account.equity.times))
        figure.add_scatter(
            x=account.equity.times[shown],
            y=(-drawdown_pct(account.equity.worth))[shown].round(4),
            name=_name(variant),
            line={"color": COLOURS[variant], "width": 1.4},
            hovertemplate="%{y:.2f}%",
        )
    return _timed(_styled(figure, "below the peak, %"), found)


def control_chart(found: Backtest) -> Any:  # noqa: ANN401 - plotly publishes no types
    """The difference that sentiment made beside those that chance made."""
    figure = go.Figure()
    figure.add_histogram(
        x=np.round(found.differences, 6), nbinsx=40, marker={"color": "#b8c4d0"}, name="controls"
    )
    figure.add_vline(x=found.difference, line={"color": COLOURS[Variant.COMBINED], "width": 3})
    centre = float(np.median(found.differences))
    figure.add_vline(x=centre, line={"color": _INK, "width": 1, "dash": "dot"})
    _styled(figure, "controls")
    figure.update_layout(showlegend=False, hovermode="closest", bargap=0.03)
    figure.update_xaxes(title={"text": "percentage points"})
    return figure


def pair_chart(found: Backtest, pair: str) -> Any:  # noqa: ANN401 - plotly publishes no types
    """A pair's price with the trades of the whole strategy, and below it the news beyond the thresholds."""
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
    """How many signals beyond the thresholds are too many to draw."""
    return max(0, len(_beyond(found, pair)) - _MOST_NEWS)


def _trades(found: Backtest, pair: str) -> list[tuple[Any, int]]:
    trades = found.accounts[Variant.COMBINED].ran.trades
    mine = trades[trades["pair"] == pair]
    entry = go.Scatter(
        x=mine["open_date"],
        y=mine["open_rate"],
        name="entry",
        mode="markers",
        marker={"symbol": "triangle-up", "size": 11, "color": COLOURS[Variant.COMBINED]},
        text=[escape(str(tag)) for tag in mine["enter_tag"]],
        hovertemplate="in at %{y:,.2f}<br>%{text}<extra></extra>",
    )
    won = mine["profit_ratio"] > 0
    exits = (("gain", _GAIN, mine[won]), ("loss", _LOSS, mine[~won]))
    return [(entry, 1), *((_exits(name, colour, some), 1) for name, colour, some in exits)]


def _exits(name: str, colour: str, trades: pd.DataFrame) -> Any:  # noqa: ANN401 - plotly publishes no types
    return go.Scatter(
        x=trades["close_date"],
        y=trades["close_rate"],
        name=name,
        mode="markers",
        marker={"symbol": "triangle-down", "size": 11, "color": colour},
        text=[
            f"{ratio:+.2%}<br>{escape(str(reason))}"
            for ratio, reason in zip(trades["profit_ratio"], trades["exit_reason"], strict=True)
        ],
        hovertemplate="out at %{y:,.2f}<br>%{text}<extra></extra>",
    )


def _news(found: Backtest, pair: str) -> list[tuple[Any, int]]:
    beyond = _beyond(found, pair)
    drawn = beyond.loc[beyond["score"].abs().nlargest(_MOST_NEWS).index].sort_index()
    return [
        (
            go.Scatter(
                x=some["available_at"],
                y=some["score"],
                name=name,
                mode="markers",
                marker={"size": 4, "color": colour, "opacity": 0.45},
                text=[escape(headline[:_HEADLINE]) for headline in some["headline"]],
                hovertemplate="%{y:+.2f}<br>%{text}<extra></extra>",
            ),
            2,
        )
        for name, colour, some in (
            ("good news", _GAIN, drawn[drawn["score"] > 0]),
            ("bad news", _LOSS, drawn[drawn["score"] < 0]),
        )
    ]


def _beyond(found: Backtest, pair: str) -> pd.DataFrame:
    signals = found.inputs.signals
    mine = signals[
        (signals["pair"] == pair)
        & (signals["available_at"] >= found.start)
        & (signals["available_at"] < found.end)
    ]
    rules = found.thresholds
    return mine[(mine["score"] > rules.buy_sentiment_above) | (mine["score"] < rules.sell_sentiment_below)]


def _thinned(points: int) -> slice:
    return slice(None, None, max(1, -(-points // _MOST_POINTS)))


def _name(variant: Variant) -> str:
    return variant.value.replace("_", " ")


def _timed(figure: Any, found: Backtest) -> Any:  # noqa: ANN401 - plotly publishes no types
    """The same stretch of time in every chart, so that one can look from one to the next."""
    figure.update_xaxes(range=[found.start, found.end])
    return figure


def _styled(figure: Any, vertical: str) -> Any:  # noqa: ANN401 - plotly publishes no types
    figure.update_layout(
        template="plotly_white",
        height=340,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        font={"family": "system-ui, sans-serif", "size": 12, "color": _INK},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "font": {"size": 11}},
        hovermode="x unified",
    )
    figure.update_xaxes(automargin=True, gridcolor=_LINE, nticks=7)
    figure.update_yaxes(automargin=True, gridcolor=_LINE, title={"text": vertical, "standoff": 4})
    return figure
