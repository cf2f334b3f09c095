"""The benchmark: buys every pair at the first candle that can trade and sells it at the last one."""

from __future__ import annotations

from typing import Any, ClassVar

import pandas as pd
from freqtrade.strategy import IStrategy

_NEVER = 1e9


class BuyAndHold(IStrategy):  # type: ignore[misc]  # Freqtrade publishes no types
    """Trades nothing but one purchase of each pair; nothing ends a trade before the backtest ends."""

    INTERFACE_VERSION = 3
    can_short = False
    minimal_roi: ClassVar = {0: _NEVER}
    stoploss = -0.99
    trailing_stop = False
    # Freqtrade sets these for strategies that it finds by itself.
    use_exit_signal = False
    exit_profit_only = False
    exit_profit_offset = 0.0
    ignore_roi_if_entry_signal = False
    ignore_buying_expired_candle_after = 0
    disable_dataframe_checks = False
    position_adjustment_enable = False
    max_entry_position_adjustment = -1

    def populate_indicators(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:  # noqa: ARG002 - Freqtrade's signature
        """Return the candles as they are."""
        return dataframe

    def populate_entry_trend(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:  # noqa: ARG002 - as above
        """Mark every candle, so that a pair whose candles begin later is bought at its first one."""
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:  # noqa: ARG002 - as above
        """Mark no candle."""
        return dataframe
