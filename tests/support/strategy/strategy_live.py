"""The strategy as Freqtrade loads it, and what a bot does with it in a loop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import redis
from freqtrade.data.dataprovider import DataProvider
from freqtrade.enums import CandleType, RunMode
from freqtrade.resolvers import StrategyResolver

from tests.support.servers.servers import RedisServer
from tests.support.strategy.strategy_samples import PAIR, message, milliseconds, signal, wavy_candles

STRATEGIES = Path(__file__).parents[3] / "user_data" / "strategies"
COUNT = 600
MakeStrategy = Callable[..., Any]


class OnePair:
    """All that the data provider asks of the pair list of a bot."""

    def __init__(self) -> None:
        self.whitelist = [PAIR]


def started_strategy(server: RedisServer, runmode: RunMode = RunMode.DRY_RUN, **section: Any) -> Any:
    """A strategy that has had its `bot_start`."""
    config: dict[str, Any] = {
        "strategy": "LLMSentimentStrategy",
        "strategy_path": str(STRATEGIES),
        "user_data_dir": STRATEGIES.parent,
        "runmode": runmode,
        "stake_currency": "USDT",
        "spaces": ["buy"],
        "candle_type_def": CandleType.SPOT,
        "cryptoboy": {"redis_host": server.host, "redis_port": server.port} | section,
    }
    strategy = StrategyResolver.load_strategy(config)
    strategy.dp = DataProvider(config, None, OnePair())
    strategy.ft_bot_start()
    return strategy


def candles_until_now(*, further: int = 0) -> pd.DataFrame:
    """Candles of which the last has just closed, or is `further` on, in the unit of a live bot."""
    end = pd.Timestamp.now("UTC").floor("15min") + further * timedelta(minutes=15)
    frame = wavy_candles(COUNT, start=end.to_pydatetime() - COUNT * timedelta(minutes=15))
    return frame.assign(date=frame["date"].dt.as_unit("us"))


def publish(store: redis.Redis, score: float, moment: datetime, article: str = "news") -> None:
    one = signal(article, score=score)._replace(published=moment, available_at=moment + timedelta(seconds=5))
    store.zadd(f"sentiment_signals:{PAIR}", {message(one): milliseconds(one.available_at)})


def close_before_last(candles: pd.DataFrame) -> datetime:
    """A minute before the last candle opened."""
    moment: datetime = candles["date"].iloc[-1].to_pydatetime()
    return moment - timedelta(minutes=1)


def analysed(strategy: Any, candles: pd.DataFrame) -> pd.DataFrame:
    """What the bot does in a loop with new candles, and keeps for the callbacks."""
    strategy.bot_loop_start(current_time=datetime.now(UTC))
    frame: pd.DataFrame = strategy.analyze_ticker(candles.copy(), {"pair": PAIR})
    strategy.dp._set_cached_df(PAIR, strategy.timeframe, frame, CandleType.SPOT)
    return frame
