"""Builds Freqtrade's configuration for a backtest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.common.errors import StopProgram
from services.common.settings.folders import STRATEGIES
from services.replay_exchange.ccxt_config import freqtrade_exchange
from services.research.backtest.plan import Plan
from services.research.backtest.strategies.changes import changed_section
from services.research.backtest.strategies.user_data import without_source


def freqtrade_config(plan: Plan, pairs: tuple[str, ...], stake_currency: str, url: str) -> dict[str, Any]:
    """Return the configuration of `freqtrade backtesting` for this plan, with the exchange at `url`.

    Raises:
        StopProgram: a change of the plan is not allowed.
    """
    pricing = {"price_side": "other", "use_order_book": True, "order_book_top": 1}
    return {
        **(
            {"strategy_path": str(STRATEGIES), "tradable_balance_ratio": 1.0}
            if plan.user_data is None
            else {}
        ),
        **plan.settings,
        "strategy": plan.strategy,
        "timeframe": plan.timeframe,
        "timerange": f"{plan.start.timestamp():.0f}-{plan.end.timestamp():.0f}",
        "dry_run": True,
        "dry_run_wallet": plan.wallet,
        "stake_currency": stake_currency,
        "stake_amount": "unlimited" if plan.stake is None else plan.stake,
        "max_open_trades": plan.max_open_trades or len(pairs),
        **({} if plan.fee is None else {"fee": plan.fee}),
        **({} if plan.timeframe_detail is None else {"timeframe_detail": plan.timeframe_detail}),
        "entry_pricing": pricing,
        "exit_pricing": pricing,
        "exchange": freqtrade_exchange(url, pairs, futures=plan.futures),
        "pairlists": [{"method": "StaticPairList"}],
        "enable_protections": plan.protections,
        "dataformat_ohlcv": "feather",
        "export": "none",
        "backtest_cache": "none",
        "cryptoboy": _section(plan),
    }


def _section(plan: Plan) -> dict[str, Any]:
    section = plan.settings.get("cryptoboy") or {}
    if not isinstance(section, Mapping):
        raise StopProgram(f"cryptoboy is {section!r} in the configuration; expected an object with fields")
    staleness = {} if plan.staleness_hours is None else {"staleness_hours": plan.staleness_hours}
    source = {"sentiment_csv": str(plan.sentiment.absolute())}
    return changed_section({**without_source(section), **source, **staleness}, plan.changes)
