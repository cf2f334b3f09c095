"""Freqtrade's programs without the internet, in a user_data folder with the strategy and nothing else of ours."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from services.replay_exchange.ccxt_config import freqtrade_exchange

ROOT = Path(__file__).parents[3]
STRATEGIES = ROOT / "user_data" / "strategies"


@contextmanager
def markets(pairs: Sequence[str]) -> Iterator[str]:
    """The address of an exchange that lists the pairs; a backtest asks it for nothing more."""
    program = "services.replay_exchange.replay_exchange"
    command = [sys.executable, "-m", program, "--markets-only", "--pairs", ",".join(pairs)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


def make_user_data(folder: Path, candles: Mapping[str, pd.DataFrame], timeframe: str = "15m") -> Path:
    """A user_data folder with the strategy and candles by pair."""
    shutil.copytree(STRATEGIES, folder / "strategies", ignore=shutil.ignore_patterns("__pycache__"))
    data = folder / "data" / "binance"
    data.mkdir(parents=True)
    for pair, frame in candles.items():
        frame.to_feather(data / f"{pair.replace('/', '_')}-{timeframe}.feather")
    return folder


def configure(
    user_data: Path, exchange: str, pairs: Sequence[str], sentiment_csv: Path, **other: Any
) -> None:
    """Write the configuration that `run` uses."""
    config = {
        "strategy": "LLMSentimentStrategy",
        "timeframe": "15m",
        "dry_run": True,
        "max_open_trades": len(pairs),
        "stake_currency": "USDT",
        "stake_amount": 100,
        "entry_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
        "exit_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
        "exchange": freqtrade_exchange(exchange, list(pairs)),
        "pairlists": [{"method": "StaticPairList"}],
        "cryptoboy": {"sentiment_csv": str(sentiment_csv)},
    }
    (user_data / "config.json").write_text(json.dumps(config | other))


def run(
    user_data: Path, command: str, *options: str, python: Path = Path(sys.executable)
) -> subprocess.CompletedProcess[str]:
    """Run a program of the Freqtrade in the environment of this Python."""
    freqtrade = python.with_name("freqtrade")
    return _run(user_data, [str(freqtrade), command, *_COMMON, *options])


def run_for_each(
    user_data: Path, command: str, calls: Sequence[Sequence[str]]
) -> subprocess.CompletedProcess[str]:
    """Run a program of Freqtrade once for each set of options, one after the other in one process to save its start."""
    arguments = [[command, *_COMMON, *options] for options in calls]
    return _run(user_data, [sys.executable, "-P", "-c", _MAIN_FOR_EACH, json.dumps(arguments)])


_COMMON = ["--config", "config.json", "--userdir", "."]
_MAIN_FOR_EACH = """
import json, sys
from freqtrade.main import main
for arguments in json.loads(sys.argv[1]):
    try:
        main(arguments)
    except SystemExit as end:
        if end.code:
            raise
"""


def _run(user_data: Path, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """With nothing of this process's environment."""
    return subprocess.run(
        command,
        cwd=user_data,
        env={"PATH": "/usr/bin:/bin", "HOME": str(user_data), "COLUMNS": "250"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
