"""Defines Freqtrade's protections for this strategy: pauses after losses, with lengths in candles."""

from typing import Any

PROTECTIONS: tuple[dict[str, Any], ...] = (
    {"method": "CooldownPeriod", "stop_duration_candles": 2},
    {
        "method": "StoplossGuard",
        "lookback_period_candles": 48,
        "trade_limit": 3,
        "stop_duration_candles": 12,
        "only_per_pair": False,
    },
    {
        "method": "MaxDrawdown",
        "lookback_period_candles": 192,
        "trade_limit": 10,
        "stop_duration_candles": 48,
        "max_allowed_drawdown": 0.1,
    },
)
