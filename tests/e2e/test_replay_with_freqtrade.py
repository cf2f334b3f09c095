"""The real Freqtrade against the replay exchange: a backtest, and a dry run that opens and closes a trade."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sqlite3
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from services.replay_exchange.ccxt_config import freqtrade_exchange
from services.replay_exchange.replay import BUNDLED_CANDLES
from services.replay_exchange.server import ReplayExchange

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

PATIENCE_SECONDS = 300
STRATEGY = """
from freqtrade.strategy import IStrategy


class BuyAtOnce(IStrategy):
    timeframe = "1m"
    startup_candle_count = 30
    minimal_roi = {"0": -1}
    stoploss = -0.5
    # At the market: a limit order would wait for the price to come back.
    order_types = {"entry": "market", "exit": "market", "stoploss": "market", "stoploss_on_exchange": False}

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
"""


def configuration(base_url: str, home: Path) -> Path:
    """A Freqtrade configuration in `home`, with the strategy beside it."""
    (home / "BuyAtOnce.py").write_text(STRATEGY)
    pricing = {"price_side": "other", "use_order_book": True, "order_book_top": 1}
    content: dict[str, Any] = {
        "strategy": "BuyAtOnce",
        "strategy_path": str(home),
        "trading_mode": "spot",
        "dry_run": True,
        "dry_run_wallet": 1000,
        "stake_currency": "USDT",
        "stake_amount": 100,
        "max_open_trades": 1,
        "entry_pricing": pricing,
        "exit_pricing": pricing,
        "exchange": freqtrade_exchange(base_url, ["BTC/USDT"]),
        "pairlists": [{"method": "StaticPairList"}],
        "dataformat_ohlcv": "feather",
        "initial_state": "running",
        "internals": {"process_throttle_secs": 1},
        "db_url": f"sqlite:///{home / 'trades.sqlite'}",
    }
    path = home / "config.json"
    path.write_text(json.dumps(content))
    return path


@asynccontextmanager
async def freqtrade(home: Path, command: str, config: Path, *options: str) -> AsyncIterator[Process]:
    userdir = home / "user_data"
    userdir.mkdir(exist_ok=True)
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "freqtrade", command, "--config", str(config), "--userdir", str(userdir)),
        *options,
        stdin=DEVNULL,
        stdout=(home / f"{command}.out").open("w"),
        stderr=(home / f"{command}.log").open("w"),
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(running.wait(), PATIENCE_SECONDS)
        except TimeoutError:
            running.kill()


def closed_trades(home: Path) -> list[tuple[str, float, float]]:
    """Pair, opening and closing rate of the trades closed so far."""
    database = home / "trades.sqlite"
    if not database.exists():
        return []
    with closing(sqlite3.connect(database)) as connection:
        try:
            rows = connection.execute("SELECT pair, open_rate, close_rate FROM trades WHERE is_open = 0")
            return [tuple(row) for row in rows]
        except sqlite3.OperationalError:  # Freqtrade is still making its tables
            return []


async def play(home: Path) -> tuple[ReplayExchange, list[tuple[str, float, float]], str]:
    """Run a backtest and a dry run side by side, until the one has ended and the other closed a trade."""
    data = home / "user_data" / "data" / "binance"
    data.mkdir(parents=True)
    shutil.copy(BUNDLED_CANDLES / "BTC_USDT-1m.feather", data)
    async with ReplayExchange() as exchange, asyncio.timeout(PATIENCE_SECONDS):
        config = configuration(exchange.base_url, home)
        span = ("--timerange", "20260325-20260326", "--cache", "none", "--export", "none")
        async with (
            freqtrade(home, "trade", config) as bot,
            freqtrade(home, "backtesting", config, *span) as backtest,
        ):
            assert await backtest.wait() == 0, (home / "backtesting.log").read_text()
            while not closed_trades(home):
                assert bot.returncode is None, (home / "trade.log").read_text()
                await asyncio.sleep(0.2)
        return exchange, closed_trades(home), (home / "backtesting.out").read_text()


def test_freqtrade_backtests_and_trades_on_the_replay(tmp_path: Path) -> None:
    exchange, trades, report = asyncio.run(play(tmp_path))

    assert "BuyAtOnce" in report
    pair, opened, closed = trades[0]
    assert pair == "BTC/USDT"
    assert 0.9 < closed / opened < 1.1

    asked = exchange.requests.entries()
    assert {entry.path for entry in asked if entry.status >= 400} == set()
    assert {"/api/v3/exchangeInfo", "/api/v3/klines", "/api/v3/depth"} <= {entry.path for entry in asked}
    subscribed = [entry.query["params"] for entry in asked if entry.path == "SUBSCRIBE"]
    assert subscribed[0] == ["btcusdt@kline_1m"]
