"""Each of the five strategies runs in dry-run on the replay exchange with the mixin, and buys nothing on bad news."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptoboy_sentiment import Signal

from services.replay_exchange.replay import BUNDLED_CANDLES
from tests.support.strategy.strategies_of_users import NAMES, pairs_of, settings_of, text_with_news
from tests.support.strategy.strategy_samples import signal as signal_of
from tests.support.strategy.strategy_samples import write_csv

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PATIENCE_SECONDS = 500
# Bitcoin and Ether rise for hours, so that every strategy wants to buy both.
START = datetime(2026, 3, 31, 1, 40, tzinfo=UTC)
OFFLINE = (
    *(sys.executable, "-m", "services.cli", "offline", "--candles", str(BUNDLED_CANDLES)),
    *("--pairs", "BTC/USDT", "--pairs", "ETH/USDT", "--start", START.isoformat(), "--speed", "10"),
)


def bad_news(moment: datetime) -> Signal:
    """Bad news about Bitcoin of that time."""
    one = signal_of(f"bad-{moment:%H}", score=-0.8)
    return one._replace(pair="BTC/USDT", published=moment, available_at=moment + timedelta(minutes=1))


class Bot:
    """A dry run of one strategy, with bad news about Bitcoin."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder
        (folder / "strategies").mkdir(parents=True)
        (folder / "strategies" / f"{name}.py").write_text(text_with_news(name))
        news = [bad_news(START + timedelta(hours=hours)) for hours in (-4, -2, 0)]
        config = settings_of(name) | {
            "exchange": {"name": "binance", "pair_whitelist": list(pairs_of(name))},
            "cryptoboy": {"source": str(write_csv(folder / "sentiment.csv", news)), "use": ["veto"]},
            "internals": {"process_throttle_secs": 1},
        }
        (folder / "config.json").write_text(json.dumps(config))

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """The process, which has ended when the context is left."""
        options = ("--config", str(self._folder / "config.json"), "--userdir", str(self._folder))
        database = f"sqlite:///{self._folder / 'trades.sqlite'}"
        with (self._folder / "log").open("w") as log:
            process = subprocess.Popen(
                [*OFFLINE, "--", "freqtrade", "trade", *options, "--db-url", database],
                stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "COLUMNS": "200"},
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - no threads
            )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)

    @property
    def log(self) -> str:
        """What Freqtrade and `offline` have said."""
        return (self._folder / "log").read_text()

    def traded(self) -> set[str]:
        """The pairs of which a trade was opened."""
        if not (self._folder / "trades.sqlite").exists():
            return set()
        with closing(sqlite3.connect(self._folder / "trades.sqlite")) as connection:
            try:
                return {row[0].partition("/")[0] for row in connection.execute("SELECT pair FROM trades")}
            except sqlite3.OperationalError:  # Freqtrade is still making its tables
                return set()

    def has_shown(self) -> bool:
        """Whether it has bought Ether, and said that it does not buy Bitcoin."""
        return "ETH" in self.traded() and "Entry of BTC" in self.log


def test_each_strategy_trades_one_coin_and_not_the_one_with_bad_news(tmp_path: Path) -> None:
    bots = [Bot(name, tmp_path / name) for name in NAMES]
    with ExitStack() as stack:
        processes = {bot.name: stack.enter_context(bot.running()) for bot in bots}
        until = time.monotonic() + PATIENCE_SECONDS
        while waiting := [bot for bot in bots if not bot.has_shown()]:
            assert time.monotonic() < until, "\n".join(bot.log[-5000:] for bot in waiting)
            for bot in waiting:
                assert processes[bot.name].poll() is None, bot.log
            time.sleep(0.2)
        for process in processes.values():  # all at once, as each takes some seconds to end
            process.send_signal(signal.SIGINT)
        assert {process.wait(PATIENCE_SECONDS) for process in processes.values()} == {130}
    for bot in bots:
        assert bot.traded() == {"ETH"}, bot.log
        assert "Traceback" not in bot.log, bot.log
        assert "Entry of BTC" in bot.log
        assert "news blocks: score -0.80" in bot.log
