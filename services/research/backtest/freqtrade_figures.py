"""Returns Freqtrade's own figures of a run, for comparison with any other Freqtrade backtest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.research.backtest.engine import Ran

_UNDEFINED = -100.0
"""The value that Freqtrade gives for a ratio with a denominator of zero."""


def freqtrade_figures(
    ran: Ran, strategy: str, pairs: Sequence[str], start: datetime, last: datetime
) -> dict[str, float | int | None]:
    """Return Freqtrade's figures of closed trades and of the daily wallet; undefined ratios are None.

    Args:
        ran: Freqtrade's results of the run.
        strategy: the name of the strategy.
        pairs: the traded pairs.
        start: the time at which the first traded candle opens.
        last: the time at which the last traded candle opens.
    """
    from freqtrade.optimize.optimize_reports import generate_strategy_stats

    content = ran.content | {"backtest_start_time": 0, "backtest_end_time": 0}
    stats: dict[str, Any] = generate_strategy_stats(
        list(pairs), strategy, content, start, last, market_change=0.0, is_hyperopt=True
    )
    wallet = stats["wallet_stats"]
    traded = stats["total_trades"] > 0
    lost = bool((ran.trades["profit_abs"] < 0).any())
    return {
        "total_trades": int(stats["total_trades"]),
        "profit_total_pct": float(stats["profit_total"]) * 100,
        "profit_total_abs": float(stats["profit_total_abs"]),
        "final_balance": float(stats["final_balance"]),
        "rejected_signals": int(stats["rejected_signals"]),
        "winrate": float(stats["winrate"]) if traded else None,
        "profit_factor": float(stats["profit_factor"]) if lost else None,
        "max_drawdown_account_pct": float(stats["max_drawdown_account"]) * 100,
        **{f"{name}_closed_trades": _ratio(stats[name], traded) for name in ("sharpe", "sortino", "calmar")},
        **{f"{name}_daily_wallet": _ratio(wallet[name], traded) for name in ("sharpe", "sortino", "calmar")},
    }


def _ratio(value: float, traded: bool) -> float | None:
    return float(value) if traded and value != _UNDEFINED else None
