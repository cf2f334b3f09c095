"""Converts a backtest to one JSON object.

An undefined value is null, never NaN or infinity. The same seed gives the same JSON.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from services.research.backtest.bootstrap import CONFIDENCE, RESAMPLES, Interval, block_days
from services.research.backtest.plan import Variant
from services.research.backtest.power import POWER_RULE, in_words
from services.research.backtest.run import Account, Backtest
from services.research.backtest.shift import OFFSET_RULE
from services.research.backtest.verdict import MIN_TRADES, P_VALUE_RULE

_OF_ALL = {
    Variant.BUY_AND_HOLD: "Every pair bought at the first candle that can trade and sold at the last one, for the "
    "stake of one trade each.",
    Variant.SHUFFLED: "The whole strategy on the same news moved around the period: the median of all controls, and "
    "where 95% of them lie.",
}
"""The description of each variant that every kind of strategy has, for people."""


def backtest_json(found: Backtest) -> dict[str, Any]:
    """Return all results of a backtest, for `json.dumps(..., allow_nan=False)`."""
    return {
        "verdict": found.verdict.sentence,
        "outcome": found.verdict.outcome.value,
        "p_value": found.p_value,
        "statistic": {
            "name": "profit_pct of combined less profit_pct of technical",
            "value": found.difference,
            "interval": _interval(found.difference_interval),
        },
        "period": {
            "from": found.start.isoformat(),
            "to": found.end.isoformat(),
            "asked_from": found.plan.start.isoformat(),
            "asked_to": found.plan.end.isoformat(),
        },
        "strategy": found.plan.strategy,
        "pairs": list(found.inputs.pairs),
        "timeframe": found.plan.timeframe,
        "variants": {
            **{variant.value: _account(account) for variant, account in found.accounts.items()},
            Variant.SHUFFLED.value: _shuffled(found),
        },
        "controls": _controls(found),
        "power": {**asdict(found.power), "sentence": in_words(found.power)},
        "effect": asdict(found.effect),
        "rules": found.rules,
        "signals": found.signals,
        "assumptions": _assumptions(found),
        "method": _method(found),
        "notes": [*found.inputs.notes, *_late_start(found), *_remarks(found)],
    }


def _account(account: Account) -> dict[str, Any]:
    reasons = account.ran.trades["exit_reason"].astype("str").str.split().str[0].value_counts().sort_index()
    return {
        **account.figures.as_dict(),
        "intervals": {name: _interval(interval) for name, interval in account.intervals.items()},
        "exit_reasons": {str(reason): int(count) for reason, count in reasons.items()},
        "freqtrade": dict(account.freqtrade),
    }


def _shuffled(found: Backtest) -> dict[str, Any]:
    return {
        **found.shuffled,
        "intervals": {name: _interval(interval) for name, interval in found.shuffled_range.items()},
        "runs": len(found.controls),
    }


def _controls(found: Backtest) -> dict[str, Any]:
    hour = timedelta(hours=1)
    return {
        "runs": len(found.controls),
        "seed": found.plan.seed,
        "smallest_offset_hours": found.smallest_offset * found.candle / hour,
        "offsets_hours": [offset * found.candle / hour for offset in found.offsets],
        "statistics": list(found.differences),
        "trades": [control.trades for control in found.controls],
    }


def _assumptions(found: Backtest) -> dict[str, Any]:
    plan = found.plan
    return {
        "wallet": plan.wallet,
        "stake_currency": found.inputs.stake_currency,
        "stake": plan.stake,
        "max_open_trades": plan.max_open_trades or len(found.inputs.pairs),
        "fee": found.fee,
        "protections": plan.protections,
        "fills": "At the open of the candle after the one that decided, in full and without slippage; stop losses and "
        "returns on investment inside a candle, as Freqtrade's backtest has them.",
    }


def _method(found: Backtest) -> dict[str, Any]:
    days = len(next(iter(found.accounts.values())).days.steps)
    return {
        "variants": {variant.value: text for variant, text in ({**found.variants, **_OF_ALL}).items()},
        "p_value": P_VALUE_RULE,
        "power": POWER_RULE,
        "offsets": OFFSET_RULE,
        "intervals": f"{CONFIDENCE:.0%}, percentiles of {RESAMPLES} resamples of blocks of {block_days(days)} days; "
        "of the shuffled variant, where that share of the controls lies",
        "min_trades": MIN_TRADES,
    }


def _late_start(found: Backtest) -> list[str]:
    if found.start <= found.plan.start + found.candle:
        return []
    return [
        f"Trading begins at {found.start.isoformat()}: before that the candles are needed to start up the indicators."
    ]


def _remarks(found: Backtest) -> list[str]:
    return [f"The strategy failed, and Freqtrade went on: {remark}" for remark in found.remarks]


def _interval(interval: Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)
