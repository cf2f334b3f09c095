"""The case that measures how much longer a backtest takes with sentiment."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from devtools.bench.lab import Lab
from devtools.bench.results import Rows, at_most, compare
from devtools.bench.samples import PAIRS, signals
from services.common.errors import StopProgram, TryLater
from services.replay_exchange.ccxt_config import freqtrade_exchange
from services.research.backtest.markets import private_exchange
from services.research.history.scoring.signal_rows import COLUMNS, signal_rows

TIMEFRAME = "1h"
HOURS = 13 * 30 * 24
END = datetime(2025, 7, 1, tzinfo=UTC)
SIGNALS = 20_000
"""The approximate number of signals that 17,000 articles of one year gave for three pairs."""
STRATEGIES = Path(__file__).parents[1] / "strategies"
WITH, WITHOUT = "TechnicalWithSentiment", "TechnicalWithoutSentiment"

Trades = list[tuple[object, ...]]


def backtest_join(lab: Lab) -> Rows:
    """Seconds of `freqtrade backtesting` that reads and joins sentiment, compared with a backtest that does neither.

    Both backtests make the same trades.
    """
    candles = lab.candles or _made_up_candles(lab.folder / "candles", lab.amount(HOURS))
    pairs, end = _pairs_and_end(candles)
    config = lab.folder / "backtest.json"
    sentiment = _made_up_sentiment(lab.folder / "sentiment.csv", pairs, end, lab.amount(SIGNALS))
    results: dict[str, Trades] = {}

    with private_exchange(pairs) as url:
        config.write_text(json.dumps(_config(url, pairs, end, sentiment)))

        def run(strategy: str) -> float:
            seconds, results[strategy] = _backtest(lab, config, candles, strategy)
            return seconds

        values, baselines = lab.interleave(lambda: run(WITH), lambda: run(WITHOUT))
    if results[WITH] != results[WITHOUT]:
        raise TryLater("backtest_join: the two backtests do not trade alike, so their times say nothing")
    note = f"the same without sentiment, {len(results[WITH])} trades each"
    yield compare("backtest_join", "s", values, baselines, at_most(1.1), note=note)


def _config(url: str, pairs: list[str], end: datetime, sentiment: Path) -> dict[str, Any]:
    pricing = {"price_side": "other", "use_order_book": True, "order_book_top": 1}
    return {
        "timeframe": TIMEFRAME,
        "timerange": f"-{end.timestamp():.0f}",
        "dry_run": True,
        "stake_currency": pairs[0].split("/")[1],
        "stake_amount": 100,
        "max_open_trades": len(pairs),
        "entry_pricing": pricing,
        "exit_pricing": pricing,
        "exchange": freqtrade_exchange(url, pairs),
        "pairlists": [{"method": "StaticPairList"}],
        "dataformat_ohlcv": "feather",
        "cryptoboy": {"sentiment_csv": str(sentiment)},
    }


def _backtest(lab: Lab, config: Path, candles: Path, strategy: str) -> tuple[float, Trades]:
    """The run time of the whole process in seconds, and the trades of the backtest."""
    user_data = lab.folder / "user_data"
    user_data.mkdir(exist_ok=True)
    command = [
        *(
            sys.executable,
            "-m",
            "freqtrade",
            "backtesting",
            "--no-color",
            "--cache",
            "none",
            "--export",
            "trades",
        ),
        *("--config", str(config), "--userdir", str(user_data), "--datadir", str(candles)),
        *("--strategy-path", str(STRATEGIES), "--strategy", strategy),
    ]
    environ = lab.environ()
    begin = time.perf_counter()
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise StopProgram(
            f"backtest_join: freqtrade backtesting fails:\n{(done.stdout + done.stderr)[-1500:]}"
        )
    (archive,) = (user_data / "backtest_results").glob("*.zip")
    with zipfile.ZipFile(archive) as files:
        found = json.loads(files.read(f"{archive.stem}.json"))["strategy"][strategy]["trades"]
    archive.unlink()
    return seconds, [(one["pair"], one["open_date"], one["close_date"], one["profit_abs"]) for one in found]


def _pairs_and_end(candles: Path) -> tuple[list[str], datetime]:
    """The first three pairs that have candles, and the closing time of the first pair's last candle."""
    files = sorted(candles.glob(f"*-{TIMEFRAME}.feather"))[: len(PAIRS)]
    if not files:
        raise StopProgram(f"--candles {candles}: there is no file such as BTC_USDT-{TIMEFRAME}.feather")
    pairs = [path.name.removesuffix(f"-{TIMEFRAME}.feather").replace("_", "/") for path in files]
    last = pd.read_feather(files[0], columns=["date"])["date"].max()
    return pairs, last.to_pydatetime() + timedelta(hours=1)


def _made_up_candles(folder: Path, hours: int) -> Path:
    """Write candles of a random walk with a fixed seed, so that every run has the same prices."""
    folder.mkdir()
    random = np.random.default_rng(1)
    opens = pd.date_range(END - timedelta(hours=hours), periods=hours, freq="h", unit="ms")
    for pair in PAIRS:
        close = 100 * np.exp(np.cumsum(random.normal(0, 0.006, hours)))
        before = np.concatenate([[100.0], close[:-1]])
        spread = 1 + np.abs(random.normal(0, 0.003, hours))
        frame = pd.DataFrame(
            {
                "date": opens,
                "open": before,
                "high": np.maximum(before, close) * spread,
                "low": np.minimum(before, close) / spread,
                "close": close,
                "volume": random.lognormal(5, 0.6, hours),
            }
        )
        frame.to_feather(folder / f"{pair.replace('/', '_')}-{TIMEFRAME}.feather")
    return folder


def _made_up_sentiment(path: Path, pairs: list[str], end: datetime, count: int) -> Path:
    """Write a sentiment CSV whose signals are spread evenly over the whole period."""
    step = timedelta(hours=HOURS) / count
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number, each in enumerate(signals(count, end, pairs)):
            moment = end - step * (count - number)
            dated = each.model_copy(update={"published": moment, "analyzed_at": moment})
            writer.writerows(signal_rows([dated], moment, timedelta(minutes=5)))
    return path
