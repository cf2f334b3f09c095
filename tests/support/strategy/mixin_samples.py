"""Strategies with the mixin, started on the signals of a history file as a backtest starts them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import cryptoboy_sentiment as news
import pandas as pd
from freqtrade.data.dataprovider import DataProvider
from freqtrade.enums import CandleType, RunMode
from freqtrade.persistence import LocalTrade
from freqtrade.strategy import IStrategy

from tests.support.servers.servers import RedisServer
from tests.support.strategy.strategy_live import OnePair
from tests.support.strategy.strategy_samples import PAIR, at, wavy_candles, write_csv


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


def configuration(runmode: RunMode = RunMode.BACKTEST, **section: Any) -> dict[str, Any]:
    """As much of Freqtrade's configuration as a strategy needs."""
    return {
        "runmode": runmode,
        "stake_currency": "USDT",
        "candle_type_def": CandleType.SPOT,
        "cryptoboy": section,
    }


def started(cls: type[Any], folder: Path, signals: Iterable[news.Signal] = (), **section: Any) -> Any:
    """A strategy of this class after its `bot_start` in a backtest of these signals."""
    csv = write_csv(folder / "history.csv", signals)
    return _start(cls, configuration(**{"sentiment_csv": str(csv)} | section))


def live(cls: type[Any], server: RedisServer, **section: Any) -> Any:
    """A strategy of this class after its `bot_start` in a bot in dry-run, with the store of this server."""
    of_server = {"redis_host": server.host, "redis_port": server.port}
    strategy = _start(cls, configuration(RunMode.DRY_RUN, **of_server | section))
    # A machine with much to do must not make the store unreadable.
    strategy._cryptoboy.source.source._patience_s = 60.0
    return strategy


def _start(cls: type[Any], config: dict[str, Any]) -> Any:
    strategy = cls(config)
    strategy.dp = DataProvider(config, None, OnePair())
    strategy.bot_start()
    return strategy


def confirms(strategy: Any, moment: datetime, side: str = "long", pair: str = PAIR) -> bool:
    """Whether an entry is confirmed at this moment, asked as Freqtrade asks."""
    answer: bool = strategy.confirm_trade_entry(
        pair=pair,
        order_type="limit",
        amount=1.0,
        rate=100.0,
        time_in_force="GTC",
        current_time=moment,
        entry_tag=None,
        side=side,
    )
    return answer


def trade(*, opened: float = 0, is_short: bool = False) -> LocalTrade:
    """A trade opened so many minutes after noon."""
    return LocalTrade(
        pair=PAIR,
        is_short=is_short,
        open_date=at(opened),
        open_rate=100.0,
        amount=1.0,
        stake_amount=100.0,
        fee_open=0.0,
        fee_close=0.0,
        exchange="binance",
    )


def advised(strategy: Any, candles: pd.DataFrame | None = None) -> pd.DataFrame:
    """What Freqtrade makes of candles with the strategy."""
    frame = wavy_candles(400) if candles is None else candles
    advised: pd.DataFrame = strategy.analyze_ticker(frame.copy(), {"pair": PAIR})
    return advised
