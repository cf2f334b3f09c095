"""Strategies in the shapes that people use take the mixin by two lines, and trade as before with `features` alone."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from services.common.network.proxies import hidden_variables
from services.replay_exchange.candle_folder import make_candle_folder
from services.replay_exchange.ccxt_config import ccxt_config, freqtrade_exchange
from services.replay_exchange.replay import BUNDLED_CANDLES
from services.research.backtest.markets import private_exchange
from tests.support.strategy.strategies_of_users import (
    NAMES,
    OF_FUTURES,
    VETO_BELOW,
    news_of,
    pairs_of,
    plain_text,
    score_known,
    settings_of,
    text_with_news,
    write_news,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

START = datetime(2026, 3, 26, tzinfo=UTC)
HOURS = 48


class Backtests:
    """Backtests of one strategy after another in this process."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._url = url
        self._news = write_news(folder / "sentiment.csv", START, HOURS)
        self.run = cache(self._run)

    def _run(self, name: str, use: str = "") -> pd.DataFrame:
        """The trades; without `use` the strategy is as it stands in its file."""
        strategies = self._folder / f"strategies-{use or 'plain'}"
        strategies.mkdir(exist_ok=True)
        (strategies / f"{name}.py").write_text(text_with_news(name) if use else plain_text(name))
        futures = name == OF_FUTURES
        candles = self._folder / ("futures" if futures else "spot")
        if not candles.exists():
            make_candle_folder(BUNDLED_CANDLES, candles, ("BTC/USDT", "ETH/USDT"), futures=futures)
        exchange = freqtrade_exchange(self._url, pairs_of(name))
        exchange["ccxt_config"] = ccxt_config(self._url, futures=futures)
        config = settings_of(name) | {
            "strategy_path": str(strategies),
            "timerange": f"{START.timestamp():.0f}-{(START + timedelta(hours=HOURS)).timestamp():.0f}",
            "exchange": exchange,
            "export": "none",
            "backtest_cache": "none",
            "enable_protections": True,
            **({"cryptoboy": {"source": str(self._news), "use": [use]}} if use else {}),
        }
        return backtest(config, candles, self._folder)


def backtest(config: dict[str, Any], candles: Path, folder: Path) -> pd.DataFrame:
    """What `freqtrade backtesting` does with this configuration."""
    from freqtrade.configuration import Configuration
    from freqtrade.enums import RunMode
    from freqtrade.optimize.backtesting import Backtesting

    file = folder / "config.json"
    file.write_text(json.dumps(config))
    arguments = {"config": [str(file)], "user_data_dir": str(folder), "datadir": str(candles)}
    with hidden_variables(*(name for name in os.environ if name.startswith("FREQTRADE__"))):
        backtesting = Backtesting(Configuration(arguments, RunMode.BACKTEST).get_config())
    try:
        backtesting.start()
        trades: pd.DataFrame = backtesting.all_bt_content[config["strategy"]]["results"]
        return trades
    finally:
        backtesting.exchange.close()
        Backtesting.cleanup()


@pytest.fixture(scope="module")
def backtests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backtests]:
    with private_exchange(["BTC/USDT", "ETH/USDT"]) as url:
        yield Backtests(tmp_path_factory.mktemp("of_users"), url)


def records(trades: pd.DataFrame) -> list[dict[str, Any]]:
    """All fields of all trades, comparable where values are missing."""
    found: list[dict[str, Any]] = json.loads(trades.to_json(orient="records", date_format="iso"))
    return found


def entries_of(trades: pd.DataFrame) -> Iterator[tuple[str, datetime, bool]]:
    """Pair, time and direction of each order that opened a position or added to one."""
    for trade in trades.to_dict("records"):
        for order in trade["orders"]:
            if order["ft_is_entry"]:
                moment = datetime.fromtimestamp(order["order_filled_timestamp"] / 1000, UTC)
                yield trade["pair"], moment, trade["is_short"]


def on_bad_news(trades: pd.DataFrame) -> list[tuple[str, datetime, bool]]:
    """The entries on news that is bad for their direction."""
    signals = news_of(START, HOURS)
    found = []
    for pair, moment, is_short in entries_of(trades):
        score = score_known(signals, pair, moment)
        if score is not None and (-score if is_short else score) < VETO_BELOW:
            found.append((pair, moment, is_short))
    return found


def test_there_are_five_strategies() -> None:
    assert len(NAMES) == 5


@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_takes_the_mixin_by_two_lines(name: str) -> None:
    changes = list(difflib.ndiff(plain_text(name).splitlines(), text_with_news(name).splitlines()))
    assert [line[2:] for line in changes if line.startswith("+ ")] == [
        "from cryptoboy_sentiment import SentimentMixin",
        f"class {name}(SentimentMixin, IStrategy):",
    ]
    assert [line[2:] for line in changes if line.startswith("- ")] == [f"class {name}(IStrategy):"]


@pytest.mark.parametrize("name", NAMES)
def test_with_features_the_trades_are_identical(name: str, backtests: Backtests) -> None:
    plain, with_news = backtests.run(name), backtests.run(name, "features")
    assert len(plain) >= 8
    assert records(with_news) == records(plain)


@pytest.mark.parametrize("name", NAMES)
def test_with_veto_no_entry_stands_on_bad_news_and_others_stay(name: str, backtests: Backtests) -> None:
    assert on_bad_news(backtests.run(name)) != []
    vetoed = backtests.run(name, "veto")
    assert on_bad_news(vetoed) == []
    assert len(vetoed) > 5


def test_shorts_and_additions_are_among_what_was_compared(backtests: Backtests) -> None:
    trades = backtests.run(OF_FUTURES)
    assert set(trades["is_short"]) == {True, False}
    assert max(len([order for order in orders if order["ft_is_entry"]]) for orders in trades["orders"]) > 1
