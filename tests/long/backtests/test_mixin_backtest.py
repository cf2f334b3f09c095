"""A strategy of somebody's own with the mixin in the real `freqtrade backtesting` and `freqtrade hyperopt`."""

from __future__ import annotations

import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cryptoboy_sentiment import STALENESS, as_of, read_signals_csv

from tests.support.strategy.backtest_samples import PAIRS, START, write_candles, write_news
from tests.support.strategy.freqtrade_offline import configure, make_user_data, markets, run_for_each

pytestmark = pytest.mark.e2e

OWN = """
from freqtrade.strategy import DecimalParameter, IStrategy, informative


class Own(IStrategy):
    timeframe = "1h"
    stoploss = -0.05
    minimal_roi = {"0": 0.03}
    startup_candle_count = 30
    position_adjustment_enable = True
    max_entry_position_adjustment = 1
    buy_below = DecimalParameter(0.99, 1.0, default=0.998, decimals=3)

    @informative("4h")
    def populate_indicators_4h(self, dataframe, metadata):
        dataframe["mean"] = dataframe["close"].rolling(5).mean()
        return dataframe

    def populate_indicators(self, dataframe, metadata):
        dataframe["mean"] = dataframe["close"].rolling(20).mean()
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        low = dataframe["close"] < self.buy_below.value * dataframe["mean"]
        dataframe.loc[low, ["enter_long", "enter_tag"]] = (1, "low")
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["close"] > 1.01 * dataframe["mean_4h"], "exit_long"] = 1
        return dataframe

    def custom_stake_amount(self, pair, proposed_stake, **kwargs):
        return proposed_stake / 2

    def adjust_trade_position(self, trade, current_profit, max_stake, **kwargs):
        return 30.0 if current_profit < -0.01 else None
"""

WITH_NEWS = OWN.replace("class Own(IStrategy)", "class WithNews(SentimentMixin, IStrategy)").replace(
    "from freqtrade.strategy", "from cryptoboy_sentiment import SentimentMixin\nfrom freqtrade.strategy", 1
)


def mixed(frame: pd.DataFrame, generator: np.random.Generator) -> Any:
    """Good and bad news in turn, each for some hours."""
    return np.repeat(generator.choice([0.9, -0.8, 0.1], len(frame) // 6 + 1), 6)[: len(frame)]


def trades(archive: Path) -> dict[str, list[dict[str, Any]]]:
    """The trades of each strategy."""
    with zipfile.ZipFile(archive) as files:
        result = json.loads(files.read(f"{archive.stem}.json"))
    return {name: of["trades"] for name, of in result["strategy"].items()}


def test_features_change_no_trade_and_veto_lets_none_stand_on_bad_news(tmp_path: Path) -> None:
    candles = write_candles(tmp_path, 25)
    csv = write_news(tmp_path / "news.csv", candles, mixed)
    user_data = make_user_data(tmp_path / "user_data", candles, "1h")
    for pair in PAIRS:  # what `freqtrade download-data` fetches for the informative pair
        four = (
            candles[pair]
            .resample("4h", on="date")
            .agg({"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"})
        )
        name = f"{pair.replace('/', '_')}-4h.feather"
        four.reset_index().to_feather(user_data / "data" / "binance" / name)
    (user_data / "strategies" / "own.py").write_text(OWN)
    (user_data / "strategies" / "with_news.py").write_text(WITH_NEWS)
    with markets(PAIRS) as url:
        configure(user_data, url, PAIRS, csv, timeframe="1h", strategy="WithNews")
        for use in ("features", "veto"):
            overlay = {"cryptoboy": {"use": [use]}}
            (user_data / f"{use}.json").write_text(json.dumps(overlay))
        span = ["--timerange", f"{START.timestamp():.0f}-", "--export", "trades", "--cache", "none"]
        calls = [
            ["--config", "features.json", *span, "--strategy-list", "Own", "WithNews"],
            ["--config", "veto.json", *span, "--strategy-list", "WithNews"],
        ]
        ran = run_for_each(user_data, "backtesting", calls)
    assert ran.returncode == 0, ran.stdout + ran.stderr

    with_features, with_veto = map(trades, sorted((user_data / "backtest_results").glob("*.zip")))
    assert with_features["WithNews"] == with_features["Own"]
    signals = read_signals_csv(csv)
    own, kept = stands_on(with_features["Own"], signals), stands_on(with_veto["WithNews"], signals)
    assert min(own) < -0.3
    assert kept
    assert min(kept) >= -0.3
    assert "Entries of BTC/USDT at" in ran.stdout + ran.stderr


def stands_on(trades: list[dict[str, Any]], signals: pd.DataFrame) -> list[float]:
    """The sentiment that was known at each order that opened a trade or added to it; 0 if there was none."""
    found = []
    for trade in trades:
        of_pair = signals[signals["pair"] == trade["pair"]]
        for order in trade["orders"]:
            if order["ft_is_entry"]:
                moment = datetime.fromtimestamp(order["order_filled_timestamp"] / 1000).astimezone()
                known = as_of(
                    of_pair, pd.Series([pd.Timestamp(moment)]), pd.Timedelta(0), staleness=STALENESS
                )
                found.append(float(np.nan_to_num(known["sentiment"].iloc[0])))
    return found
