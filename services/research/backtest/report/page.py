"""Builds the HTML page of a backtest, one file that needs no other file."""

from __future__ import annotations

from pathlib import Path

from services.research.backtest.report.charts import (
    control_chart,
    drawdown_chart,
    equity_chart,
    news_left_out,
    pair_chart,
)
from services.research.backtest.report.report import backtest_json
from services.research.backtest.run import Backtest
from services.research.page import embedded, page

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
"""The name, heading and decimal places of each figure in the table of variants."""


def backtest_page(found: Backtest) -> str:
    """Return the page as text. The same backtest gives the same page."""
    return page(
        Path(__file__).with_name("page.html.j2"),
        found=backtest_json(found),
        columns=COLUMNS,
        equity=embedded(equity_chart(found), "equity"),
        drawdown=embedded(drawdown_chart(found), "drawdown"),
        control=embedded(control_chart(found), "control"),
        prices=[
            (pair, embedded(pair_chart(found, pair), f"pair-{number}"), news_left_out(found, pair))
            for number, pair in enumerate(found.inputs.pairs)
        ],
    )
