"""The backtest as one HTML file that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]  # publishes no types

from services.research.backtest.report.charts import (
    control_chart,
    drawdown_chart,
    equity_chart,
    news_left_out,
    pair_chart,
)
from services.research.backtest.report.report import backtest_json
from services.research.backtest.run import Backtest

_CONFIG = {"responsive": True, "displayModeBar": False}

COLUMNS = (
    ("trades", "trades", 0),
    ("profit_pct", "profit %", 2),
    ("max_drawdown_pct", "drawdown %", 2),
    ("sharpe", "Sharpe", 2),
    ("sortino", "Sortino", 2),
    ("calmar", "Calmar", 2),
    ("profit_factor", "profit factor", 2),
    ("win_rate", "win rate", 2),
    ("exposure", "exposure", 3),
    ("time_in_market", "time in market", 3),
    ("fees", "fees", 2),
)
"""Figure, heading and decimal places of the table of variants."""


def backtest_page(found: Backtest) -> str:
    """The page as text. The same backtest gives the same page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = _number
    environment.filters["interval"] = _interval
    environment.filters["share"] = _share
    pairs = found.inputs.pairs
    return environment.get_template("page.html.j2").render(
        plotly=Markup(get_plotlyjs()),  # noqa: S704 - the library's own script, as installed # nosec B704
        found=backtest_json(found),
        columns=COLUMNS,
        equity=_drawn(equity_chart(found), "equity"),
        drawdown=_drawn(drawdown_chart(found), "drawdown"),
        control=_drawn(control_chart(found), "control"),
        prices=[
            (pair, _drawn(pair_chart(found, pair), f"pair-{number}"), news_left_out(found, pair))
            for number, pair in enumerate(pairs)
        ],
    )


def _drawn(figure: Any, name: str) -> Markup:  # noqa: ANN401 - plotly publishes no types
    drawn = figure.to_html(full_html=False, include_plotlyjs=False, div_id=name, config=_CONFIG)
    return Markup(drawn)  # noqa: S704 - plotly escapes what it is given for scripts, and `charts` names for hovering # nosec B704


def _number(value: float | None, places: int = 2) -> str:
    return "-" if value is None else f"{value:,.{places}f}"


def _interval(interval: Sequence[float] | None, places: int = 2) -> str:
    return "-" if interval is None else f"{interval[0]:,.{places}f} to {interval[1]:,.{places}f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"
