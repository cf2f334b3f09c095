"""`cryptoboy offline` as its users run it: their strategy and their configuration, with the real Freqtrade."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from services.replay_exchange.replay import BUNDLED_CANDLES
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PATIENCE_SECONDS = 200
OFFLINE = (sys.executable, "-m", "services.cli", "offline", "--candles", str(BUNDLED_CANDLES))
STRATEGY = """
from freqtrade.strategy import IStrategy


class BuyAtOnce(IStrategy):
    timeframe = "5m"
    startup_candle_count = 30
    minimal_roi = {"0": 10}
    stoploss = -0.5
    order_types = {"entry": "market", "exit": "market", "stoploss": "market", "stoploss_on_exchange": False}

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
"""
CONFIG = {
    "dry_run": True,
    "dry_run_wallet": 1000,
    "stake_currency": "USDT",
    "stake_amount": 100,
    "max_open_trades": 1,
    "entry_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
    "exit_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
    "exchange": {"name": "kraken", "key": "secret-of-the-user", "pair_whitelist": ["BTC/USDT", "SOL/USDT"]},
    "pairlists": [{"method": "StaticPairList"}],
    "internals": {"process_throttle_secs": 1},
}


@pytest.fixture
def user_data(tmp_path: Path) -> Path:
    """A folder of somebody who uses Freqtrade with Kraken, and has no candles in it."""
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "BuyAtOnce.py").write_text(STRATEGY)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    return tmp_path


def of_user(user_data: Path) -> list[str]:
    return [
        "--config",
        str(user_data / "config.json"),
        "--userdir",
        str(user_data),
        "--strategy",
        "BuyAtOnce",
    ]


def test_a_backtest_of_a_timeframe_that_was_not_recorded_runs_with_another_exchange_replaced(
    user_data: Path,
) -> None:
    before = (user_data / "config.json").read_text()
    done = subprocess.run(
        [*OFFLINE, "--", "freqtrade", "backtesting", *of_user(user_data), "--timerange", "20260325-20260326"],
        capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "BuyAtOnce" in done.stdout
    assert "kraken is replaced" in done.stderr
    assert "no candles, so not traded: SOL/USDT" in done.stderr
    assert "secret-of-the-user" not in done.stdout + done.stderr
    assert (user_data / "config.json").read_text() == before


@contextmanager
def bot(user_data: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A dry run that keeps its trades and its output in the folder of the user."""
    database = f"sqlite:///{user_data / 'trades.sqlite'}"
    with (user_data / "output").open("w") as output, subprocess.Popen(
        [*OFFLINE, *options, "--", "freqtrade", "trade", *of_user(user_data), "--db-url", database],
        stdout=output, stderr=subprocess.STDOUT, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - no threads
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()


def opened_at(user_data: Path) -> list[str]:
    """When the trades were opened, by the clock of the bot."""
    if not (user_data / "trades.sqlite").exists():
        return []
    with closing(sqlite3.connect(user_data / "trades.sqlite")) as connection:
        try:
            return [row[0] for row in connection.execute("SELECT open_date FROM trades")]
        except sqlite3.OperationalError:  # Freqtrade is still making its tables
            return []


def children_of(process: subprocess.Popen[str]) -> list[int]:
    tasks = Path(f"/proc/{process.pid}/task").iterdir()
    return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]


def test_a_dry_run_trades_at_the_time_of_the_candles_and_ctrl_c_stops_bot_and_exchange(
    user_data: Path,
) -> None:
    options = ("--start", "2026-03-25T00:00", "--speed", "60", "--faults", "latency=0.05,drops=5,gaps=5m/1h")
    with bot(user_data, *options) as process:
        until = time.monotonic() + PATIENCE_SECONDS
        while not opened_at(user_data):
            assert process.poll() is None, (user_data / "output").read_text()
            assert time.monotonic() < until, (user_data / "output").read_text()
            time.sleep(0.1)
        started = children_of(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) == 130
    output = (user_data / "output").read_text()
    assert "stopping Freqtrade and the exchange" in output
    assert "SIGINT received, aborting" in output
    assert "nothing of it is left running" in output
    assert len(started) >= 2
    eventually(
        lambda: not any(Path(f"/proc/{pid}").exists() for pid in started), "bot and exchange are gone", 10
    )
    assert opened_at(user_data)[0].startswith("2026-03-25 ")


def test_a_dry_run_ends_with_its_replay_and_with_status_0(user_data: Path) -> None:
    span = ("--start", "2026-03-25T00:00", "--end", "2026-03-25T00:20", "--speed", "300")
    with bot(user_data, *span) as process:
        assert process.wait(PATIENCE_SECONDS) == 0, (user_data / "output").read_text()
    assert "the replay ends at 2026-03-25 00:20 UTC" in (user_data / "output").read_text()
