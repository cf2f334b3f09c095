"""Figures for plotly.js as JSON. Colours are names of the style sheet's variables, which the page's script looks up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from services.api.dashboard.words import tone
from services.common.history.rows import CandleRow
from services.history_recorder.performance.report import Cell
from services.operations.news.stories import StoryRow, names_of
from services.operations.trades import Trade

MOST_LETTERS_OF_A_HEADLINE = 80
_FONT = {"family": "system-ui, sans-serif", "size": 12, "color": "--soft"}


def price_figure(
    candles: Sequence[CandleRow], news: Sequence[StoryRow], trades: Sequence[Trade], pair: str
) -> str:
    """The candles of a pair with its news, entries and exits on them; empty if there is no candle."""
    if not candles:
        return ""
    data = [_candles(candles), *_news(candles, news, pair)]
    data += _marks([(trade.opened, trade.open_rate) for trade in trades], "entry", "triangle-up", "--good")
    closed = [(trade.closed, trade.close_rate) for trade in trades if trade.closed]
    data += _marks(closed, "exit", "triangle-down", "--bad")
    shown = (
        [story.first_seen for story in news] + [each for each, _ in closed] + [each.opened for each in trades]
    )
    return _figure([each for each in data if each], _x_range(candles, shown))


def price_label(candles: Sequence[CandleRow], news: Sequence[StoryRow], pair: str) -> str:
    """What the figure shows, in words."""
    if not candles:
        return ""
    low, high = min(each.low for each in candles), max(each.high for each in candles)
    return (
        f"{pair}: {len(candles)} candles from {_clock(candles[0].opened)} to {_clock(candles[-1].opened)}, "
        f"between {low:g} and {high:g}, last {candles[-1].close:g}; {len(news)} stories"
    )


def performance_figure(cells: Sequence[Cell]) -> str:
    """For each group, how far prices moved in the direction of the scores; empty if no group has an interval."""
    shown = [
        (cell, cell.directed, cell.directed_low, cell.directed_high)
        for cell in reversed(cells)  # plotly begins at the bottom
        if cell.directed is not None and cell.directed_low is not None and cell.directed_high is not None
    ]
    if not shown:
        return ""
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": [mean for _, mean, _, _ in shown],
        "y": [_text((cell.value or "all").replace("_", " ")) for cell, _, _, _ in shown],
        "marker": {"size": 10, "color": "--accent"},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - mean for _, mean, _, high in shown],
            "arrayminus": [mean - low for _, mean, low, _ in shown],
            "color": "--accent",
        },
        "hovertemplate": "%{y}: %{x:+.2f} %<extra></extra>",
    }
    layout = {
        "xaxis": {
            **_axis(),
            "ticksuffix": " %",
            "zerolinecolor": "--soft",
            "zerolinewidth": 2,
            "fixedrange": True,
        },
        "yaxis": {**_axis(), "automargin": True, "fixedrange": True},
    }
    return _figure([points], layout)


def _candles(candles: Sequence[CandleRow]) -> dict[str, Any]:
    return {
        "type": "candlestick",
        "x": [_instant(each.opened) for each in candles],
        **{name: [getattr(each, name) for each in candles] for name in ("open", "high", "low", "close")},
        "increasing": {"line": {"color": "--good", "width": 1}},
        "decreasing": {"line": {"color": "--bad", "width": 1}},
        "name": "price",
    }


def _news(candles: Sequence[CandleRow], news: Sequence[StoryRow], pair: str) -> list[dict[str, Any]]:
    """A mark for each story below the candles, by its score: good, bad or neither."""
    low, high = min(each.low for each in candles), max(each.high for each in candles)
    place = low - 0.06 * (high - low or high)
    inside = [story for story in news if story.first_seen >= candles[0].opened]
    if not inside:
        return []
    names = names_of(pair)
    scores = [next((each.score for each in story.scores if each.pair in names), None) for story in inside]
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "news",
            "x": [_instant(story.first_seen) for story in inside],
            "y": [place] * len(inside),
            "text": [_headline(story, score) for story, score in zip(inside, scores, strict=True)],
            "hovertemplate": "%{text}<extra></extra>",
            "marker": {"symbol": "diamond", "size": 9, "color": [_colour(score) for score in scores]},
        }
    ]


def _marks(
    points: Sequence[tuple[datetime, float | None]], name: str, symbol: str, colour: str
) -> list[dict[str, Any]]:
    if not points:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "x": [_instant(at) for at, _ in points],
            "y": [rate for _, rate in points],
            "hovertemplate": f"{name} at %{{y}}<extra></extra>",
            "marker": {"symbol": symbol, "size": 13, "color": colour, "line": {"color": "--ink", "width": 1}},
        }
    ]


def _figure(data: Sequence[dict[str, Any]], layout: dict[str, Any]) -> str:
    common = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": _FONT,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 24},
        "showlegend": False,
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {"align": "left", "bgcolor": "--card", "font": {"color": "--ink"}},
    }
    return json.dumps({"data": list(data), "layout": {**common, **layout}})


def _x_range(candles: Sequence[CandleRow], shown: Sequence[datetime]) -> dict[str, Any]:
    """Axes from the first candle to what is latest: the last candle, a story or a trade."""
    first, last = candles[0].opened, candles[-1].opened
    margin = max((last - first) * 0.02, timedelta(minutes=1))
    span = [_instant(first - margin), _instant(max([last, *shown]) + margin)]
    x = {
        **_axis(),
        "type": "date",
        "range": span,
        "rangeslider": {"visible": False},
        "fixedrange": True,
        "tickformat": "%H:%M",
        "nticks": 6,
        "tickangle": 0,
    }
    return {"xaxis": x, "yaxis": {**_axis(), "automargin": True, "side": "right", "fixedrange": True}}


def _axis() -> dict[str, Any]:
    return {"gridcolor": "--line", "zeroline": True, "zerolinecolor": "--line", "linecolor": "--line"}


def _headline(story: StoryRow, score: float | None) -> str:
    shown = _text(story.headline[:MOST_LETTERS_OF_A_HEADLINE])
    return shown if score is None else f"{score:+.2f} {shown}"


def _text(text: str) -> str:
    """A text as plotly shows it word for word: it reads some HTML, which a feed's headline must not be."""
    return escape(text, quote=False)


def _colour(score: float | None) -> str:
    return f"--{tone(score) or 'soft'}"


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%H:%M} UTC"
