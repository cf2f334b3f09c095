"""A Freqtrade directory as somebody else has it, with strategies that take news by the mixin, and some that fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.strategy.backtest_samples import blind, write_candles, write_news

CROSS = '''"""Moving averages that cross."""

from cryptoboy_sentiment import SentimentMixin
from freqtrade.strategy import IntParameter, IStrategy

print("cross.py is read")


class Bare(IStrategy):
    timeframe = "1h"
    startup_candle_count = 30
    minimal_roi = {"0": 0.04}
    stoploss = -0.05
    buy_span = IntParameter(3, 15, default=5)
    opened = {}

    def populate_indicators(self, dataframe, metadata):
        dataframe["fast"] = dataframe["close"].ewm(span=self.buy_span.value).mean()
        dataframe["slow"] = dataframe["close"].ewm(span=20).mean()
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        above = dataframe["fast"] > dataframe["slow"]
        dataframe.loc[above & ~above.shift(fill_value=True), "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["fast"] < dataframe["slow"], "exit_long"] = 1
        return dataframe

    def confirm_trade_entry(self, pair, **kwargs):
        # Every third entry of a pair is refused, so that state of another run would change this one.
        self.opened[pair] = self.opened.get(pair, 0) + 1
        return self.opened[pair] % 3 != 0


class Cross(SentimentMixin, Bare):
    opened = {}


class Mood(Cross):
    """Its own indicators depend on news."""

    opened = {}

    def populate_indicators(self, dataframe, metadata):
        dataframe = super().populate_indicators(dataframe, metadata)
        news = self.sentiment_columns(metadata["pair"], dataframe["date"])
        dataframe["mood"] = news["sentiment"].fillna(0).ewm(span=3).mean()
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        rises = (dataframe["fast"] > dataframe["slow"]) & (dataframe["mood"] > 0.2)
        dataframe.loc[rises, "enter_long"] = 1
        return dataframe


class Keeping(Cross):
    """Keeps the news beside the candles, and asks for it once for each pair."""

    moods = {}

    def populate_indicators(self, dataframe, metadata):
        pair = metadata["pair"]
        if pair not in self.moods:
            self.moods[pair] = self.sentiment_columns(pair, dataframe["date"])["sentiment"].fillna(0).ewm(span=3).mean()
        return super().populate_indicators(dataframe, metadata)

    def populate_entry_trend(self, dataframe, metadata):
        rises = (dataframe["fast"] > dataframe["slow"]) & (self.moods[metadata["pair"]] > 0.2)
        dataframe.loc[rises, "enter_long"] = 1
        return dataframe


class Misspelt(Cross):
    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["fats"] > 0, "enter_long"] = 1
        return dataframe
'''
CONFIG: dict[str, Any] = {
    "recursive_strategy_search": True,
    "max_open_trades": 2,
    "stake_currency": "USDT",
    "stake_amount": 300,
    "tradable_balance_ratio": 0.99,
    "dry_run": True,
    "dry_run_wallet": {"USDT": 2000},
    "exchange": {
        "name": "binance",
        "key": "never used",
        "pair_whitelist": [".*/USDT", "SOL/USDT"],
        "pair_blacklist": ["BNB/.*"],
    },
    "pairlists": [{"method": "VolumePairList", "number_assets": 20}],
    "telegram": {"enabled": True, "token": "never used", "chat_id": "1"},
    "cryptoboy": {"source": "redis://localhost:6379/0", "use": ["veto", "exit"], "veto_below": -0.2},
}


def write_user_data(folder: Path, days: int) -> Path:
    """Strategies in a folder of `strategies`, config.json, candles of so many days, and news.csv."""
    (folder / "strategies" / "trend").mkdir(parents=True)
    (folder / "strategies" / "trend" / "cross.py").write_text(CROSS)
    (folder / "config.json").write_text("// as Freqtrade allows\n" + json.dumps(CONFIG))
    candles = folder / "data" / "binance"
    candles.mkdir(parents=True)
    write_news(folder / "news.csv", write_candles(candles, days), blind)
    return folder
