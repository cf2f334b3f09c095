"""A Freqtrade directory of somebody else, with a strategy of his that got the mixin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from services.operations.strategies.install import install

CLASS = "Mine"
STRATEGY = """import talib.abstract as ta
from freqtrade.strategy import IStrategy
from cryptoboy_sentiment import SentimentMixin


class Mine(SentimentMixin, IStrategy):
    timeframe = "15m"
    minimal_roi = {"0": 0.05}
    stoploss = -0.03

    def populate_indicators(self, dataframe, metadata):
        dataframe["fast"] = ta.EMA(dataframe, timeperiod=12)
        dataframe["slow"] = ta.EMA(dataframe, timeperiod=26)
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["fast"] > dataframe["slow"], "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["fast"] < dataframe["slow"], "exit_long"] = 1
        return dataframe
"""
WITHOUT_NEWS = STRATEGY.replace("from cryptoboy_sentiment import SentimentMixin\n", "").replace(
    "SentimentMixin, ", ""
)


def user_data_of_somebody(folder: Path, *pairs: str, strategy: str = STRATEGY, **section: Any) -> Path:
    """His directory, with the package, the strategy and a configuration with this section `cryptoboy`."""
    (folder / "strategies").mkdir(parents=True)
    install(folder)
    (folder / "strategies" / "mine.py").write_text(strategy)
    config = {
        "stake_currency": "USDT",
        "stake_amount": 100,
        "dry_run": True,
        "max_open_trades": 3,
        "exchange": {"name": "binance", "key": "", "secret": "", "pair_whitelist": [*pairs]},
        "pairlists": [{"method": "StaticPairList"}],
        "cryptoboy": section,
    }
    (folder / "config.json").write_text(json.dumps(config))
    return folder
