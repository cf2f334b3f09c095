"""Strategies with the mixin, started on the signals of a history file as a backtest starts them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import cryptoboy_sentiment as news
import pandas as pd
from freqtrade.data.dataprovider import DataProvider
from freqtrade.enums import CandleType, RunMode
from freqtrade.strategy import IStrategy

from tests.support.strategy.strategy_live import OnePair
from tests.support.strategy.strategy_samples import PAIR, wavy_candles, write_csv

Start = Callable[..., Any]


class Plain(IStrategy):  # type: ignore[misc]  # Freqtrade publishes no types
    """Enters at each candle."""

    timeframe = "15m"
    stoploss = -0.1
    use_exit_signal = True

    def populate_indicators(self, dataframe: pd.DataFrame, _metadata: dict[str, Any]) -> pd.DataFrame:
        return dataframe

    def populate_entry_trend(self, dataframe: pd.DataFrame, _metadata: dict[str, Any]) -> pd.DataFrame:
        dataframe.loc[:, ["enter_long", "enter_tag"]] = (1, "mine")
        return dataframe

    def populate_exit_trend(self, dataframe: pd.DataFrame, _metadata: dict[str, Any]) -> pd.DataFrame:
        return dataframe


class WithNews(news.SentimentMixin, Plain):
    """The same with the mixin."""


def started(cls: type[Any], folder: Path, signals: Iterable[news.Signal] = (), **section: Any) -> Any:
    """A strategy of this class after its `bot_start` in a backtest of these signals."""
    section = {"sentiment_csv": str(write_csv(folder / "history.csv", signals))} | section
    config = {
        "runmode": RunMode.BACKTEST,
        "stake_currency": "USDT",
        "candle_type_def": CandleType.SPOT,
        "cryptoboy": section,
    }
    strategy = cls(config)
    strategy.dp = DataProvider(config, None, OnePair())
    strategy.bot_start()
    return strategy


def advised(strategy: Any, candles: pd.DataFrame | None = None) -> pd.DataFrame:
    """What Freqtrade makes of candles with the strategy."""
    frame = wavy_candles(400) if candles is None else candles
    advised: pd.DataFrame = strategy.analyze_ticker(frame.copy(), {"pair": PAIR})
    return advised
