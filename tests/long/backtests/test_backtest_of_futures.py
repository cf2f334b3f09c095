"""`./cryptoboy backtest --user-data` of perpetual contracts, in a format other than feather, beside plain Freqtrade."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from services.common.network.proxies import hidden_variables
from services.common.settings.folders import PYTHON_PATH
from services.replay_exchange.candle_folder import readable_candles
from services.research.backtest.account import equity_of, fees_of
from services.research.backtest.engine import Engine, Ran
from services.research.backtest.inputs import read_inputs
from services.research.backtest.markets import private_exchange
from services.research.backtest.plan import Plan, Variant
from services.research.backtest.strategies.freqtrade_config import freqtrade_config
from services.research.backtest.strategies.planning import plan_of
from services.research.backtest.strategies.user_data import read_user_data
from tests.support.strategy.backtest_samples import HOUR, START, blind, write_candles, write_news

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[3]
DAYS = 10
END = START + DAYS * 24 * HOUR
PAIRS = ("BTC/USDT:USDT", "ETH/USDT:USDT")
WALLET = 2000.0
STRATEGY = '''"""Both directions, with leverage, additions and partial exits."""

from cryptoboy_sentiment import SentimentMixin
from freqtrade.strategy import IStrategy


class Bare(IStrategy):
    timeframe = "1h"
    can_short = True
    startup_candle_count = 30
    minimal_roi = {"0": 0.2}
    stoploss = -0.2
    position_adjustment_enable = True

    def populate_indicators(self, dataframe, metadata):
        dataframe["fast"] = dataframe["close"].ewm(span=5).mean()
        dataframe["slow"] = dataframe["close"].ewm(span=20).mean()
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["fast"] > dataframe["slow"], "enter_long"] = 1
        dataframe.loc[dataframe["fast"] < dataframe["slow"], "enter_short"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["fast"] < dataframe["slow"], "exit_long"] = 1
        dataframe.loc[dataframe["fast"] > dataframe["slow"], "exit_short"] = 1
        return dataframe

    def leverage(self, **kwargs):
        return 3.0

    def adjust_trade_position(self, trade, current_profit, **kwargs):
        if current_profit > 0.01 and trade.nr_of_successful_exits == 0:
            return -(trade.stake_amount / 2)
        if current_profit < -0.01 and trade.nr_of_successful_entries == 1:
            return trade.stake_amount / 2
        return None


class Both(SentimentMixin, Bare):
    pass
'''
CONFIG: dict[str, Any] = {
    "trading_mode": "futures",
    "margin_mode": "isolated",
    "max_open_trades": 2,
    "stake_currency": "USDT",
    "stake_amount": 300,
    "dry_run_wallet": WALLET,
    "exchange": {
        "name": "binance",
        "pair_whitelist": [".*/USDT:USDT", "SOL/USDT:USDT"],
        "pair_blacklist": ["BNB/.*"],
    },
    "cryptoboy": {"use": ["veto", "exit"], "veto_below": -0.2},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the strategies, and candles of contracts as JSON."""
    folder = tmp_path_factory.mktemp("users") / "user_data"
    (folder / "strategies").mkdir(parents=True)
    (folder / "strategies" / "both.py").write_text(STRATEGY)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    futures = folder / "data" / "binance" / "futures"
    futures.mkdir(parents=True)
    candles = write_candles(folder.parent, DAYS)
    write_news(folder / "news.csv", candles, blind)
    for pair, frame in candles.items():
        rows = frame.assign(date=frame["date"].astype("int64")).to_numpy().tolist()
        name = f"{pair.replace('/', '_')}_USDT-1h-futures.json"
        (futures / name).write_text(json.dumps(rows))
    return folder


def plan(folder: Path, strategy: str = "Both") -> Plan:
    given = {"sentiment": folder / "news.csv", "start": START, "end": END, "protections": False}
    return plan_of(read_user_data(folder, (), strategy), given)


@pytest.fixture(scope="module")
def market(folder: Path) -> Iterator[tuple[str, Path]]:
    """The URL of an exchange with the contracts, and the candles as Freqtrade reads them."""
    with private_exchange(PAIRS) as url, readable_candles(plan(folder).candles, futures=True) as candles:
        yield url, candles


def ran(folder: Path, market: tuple[str, Path], variant: Variant, funding: float = 0) -> Ran:
    url, candles = market
    wanted = plan(folder)
    config = freqtrade_config(wanted, PAIRS, "USDT", url) | {"futures_funding_rate": funding}
    with Engine(config, candles, signals=read_inputs(wanted).signals, user_data=folder) as engine:
        return engine.run(variant)


@pytest.fixture(scope="module")
def traded(folder: Path, market: tuple[str, Path]) -> Ran:
    return ran(folder, market, Variant.COMBINED)


def freqtrade(folder: Path, market: tuple[str, Path], strategy: str) -> dict[str, Any]:
    """What `freqtrade backtesting` finds."""
    from freqtrade.configuration import Configuration
    from freqtrade.enums import RunMode
    from freqtrade.optimize.backtesting import Backtesting

    url, candles = market
    config = freqtrade_config(plan(folder), PAIRS, "USDT", url)
    config |= {"strategy": strategy, "strategy_path": str(folder / "strategies"), "dry_run_wallet": WALLET}
    file = folder.parent / "plain.json"
    file.write_text(json.dumps(config))
    arguments = {
        "config": [str(file)],
        "user_data_dir": str(folder.parent / "plain"),
        "datadir": str(candles),
    }
    (folder.parent / "plain").mkdir(exist_ok=True)
    with hidden_variables(*(name for name in os.environ if name.startswith("FREQTRADE__"))):
        backtesting = Backtesting(Configuration(arguments, RunMode.BACKTEST).get_config())
    try:
        backtesting.start()
        content: dict[str, Any] = backtesting.all_bt_content[strategy]
        return content
    finally:
        backtesting.exchange.close()
        Backtesting.cleanup()


def test_the_trades_are_those_of_freqtrade(folder: Path, market: tuple[str, Path], traded: Ran) -> None:
    alone = ran(folder, market, Variant.TECHNICAL)
    for ours, strategy in ((traded, "Both"), (alone, "Bare")):
        theirs = freqtrade(folder, market, strategy)
        pd.testing.assert_frame_equal(ours.trades, theirs["results"][list(ours.trades)])
        assert ours.final_balance == theirs["final_balance"]
    assert min(len(alone.trades), len(traded.trades)) > 10
    assert len(alone.trades) != len(traded.trades)
    assert set(traded.trades["is_short"]) == {True, False}
    assert set(traded.trades["leverage"]) == {3.0}
    assert {len(orders) for orders in traded.trades["orders"]} >= {2, 3}


def test_the_account_is_worth_what_its_orders_and_the_prices_make_it(
    folder: Path, market: tuple[str, Path], traded: Ran
) -> None:
    account = equity_of(traded, WALLET, HOUR, "USDT")
    files = {pair: market[1] / "futures" / f"{pair[:3]}_USDT_USDT-1h-futures.feather" for pair in PAIRS}
    opens = {pair: pd.read_feather(file).set_index("date")["open"] for pair, file in files.items()}
    expected, sizes = [], []
    for moment in account.times[1:-1]:
        each = [
            of_orders(trade, moment, opens[trade["pair"]][moment])
            for trade in traded.trades.to_dict("records")
        ]
        expected.append(WALLET + sum(gain for gain, _ in each))
        sizes.append(sum(size for _, size in each))
    assert account.worth[1:-1] == pytest.approx(expected, rel=1e-6)
    assert account.worth[-1] == traded.final_balance
    exposures = [size / worth for size, worth in zip(sizes, expected, strict=True)]
    assert account.invested[1:-1] == pytest.approx(exposures, rel=1e-6)
    assert max(sizes) > 600  # more than the stakes, by leverage


def of_orders(trade: dict[Any, Any], moment: pd.Timestamp, price: float) -> tuple[float, float]:
    """What a trade has gained before a moment and is large at its price; fees are paid when a part is closed."""
    side, fee = -1 if trade["is_short"] else 1, trade["fee_open"]
    gained = amount = cost = 0.0
    for order in trade["orders"]:
        if order["order_filled_timestamp"] >= moment.timestamp() * 1000:
            continue
        size, rate = order["amount"], order["safe_price"]
        if order["ft_is_entry"]:
            amount, cost = amount + size, cost + size * rate
            continue
        mean = cost / amount
        gained += side * size * (rate - mean) - fee * size * (rate + mean)
        amount, cost = amount - size, cost - size * mean
    return gained + side * (amount * price - cost), amount * price


def test_funding_is_part_of_the_worth_before_a_trade_ends(folder: Path, market: tuple[str, Path]) -> None:
    free, paying = (ran(folder, market, Variant.BUY_AND_HOLD, rate) for rate in (0, 0.0001))
    assert set(free.trades["is_short"]) == {False}
    assert len(paying.trades) == 2
    assert (paying.trades["funding_fees"] < -1).all()
    for each in (free, paying):
        account = equity_of(each, WALLET, HOUR, "USDT")
        assert account.worth[-1] == pytest.approx(account.worth[-2] - fees_of(each.trades), abs=0.2)
    less = equity_of(free, WALLET, HOUR, "USDT").worth - equity_of(paying, WALLET, HOUR, "USDT").worth
    assert less[120] == pytest.approx(less[-1] / 2, rel=0.1)


def test_funding_is_counted_once_when_a_part_is_closed(
    folder: Path, market: tuple[str, Path], traded: Ran
) -> None:
    rate = 1e-6  # so small that no trade ends otherwise
    paying = ran(folder, market, Variant.COMBINED, rate)
    assert paying.trades["close_date"].equals(traded.trades["close_date"])
    free, account = (equity_of(each, WALLET, HOUR, "USDT") for each in (traded, paying))
    steps = np.abs(np.diff(account.worth - free.worth)[:-1])
    size = account.invested * account.worth
    # At an order Freqtrade charges the hour before it and the hour after it.
    two_hours = 2 * rate * np.maximum(size[1:-1], size[:-2])
    parts = {
        pd.Timestamp(order["order_filled_timestamp"], unit="ms", tz="UTC")
        for trade in paying.trades.to_dict("records")
        for order in trade["orders"][:-1]
        if not order["ft_is_entry"]
    }
    after = np.flatnonzero(account.times[:-2].isin(parts))
    assert len(after) > 10
    assert (steps[after] <= 1.01 * two_hours[after]).all()


def test_the_command_compares_a_strategy_that_sells_short_with_chance(folder: Path) -> None:
    command = [
        *(sys.executable, "-P", "-m", "services.cli", "backtest", "--user-data", str(folder)),
        *("--strategy", "Both", "--sentiment", str(folder / "news.csv"), "--no-protections"),
        *(
            "--from",
            f"{START:%Y-%m-%d}",
            "--to",
            f"{END:%Y-%m-%d}",
            "--controls",
            "2",
            "--jobs",
            "1",
            "--json",
        ),
    ]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder.parent), "PYTHONPATH": PYTHON_PATH}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["pairs"] == list(PAIRS)
    assert found["variants"]["combined"]["trades"] > 10
    assert found["variants"]["shuffled"]["trades"] > 10
    assert "Without candles, and so left out: SOL/USDT:USDT." in found["notes"]
