"""The case that measures what the mixin adds to the loop of a bot with somebody's own strategy."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from devtools.bench import strategies
from devtools.bench.lab import Lab
from devtools.bench.results import Rows, at_most, compare
from devtools.bench.samples import signals
from devtools.bench.servers import bare_redis
from services.common.clock import SystemClock
from services.common.errors import TryLater
from services.common.settings.settings import Settings
from services.common.store.holds import new_id
from services.common.store.redis.store import RedisStore
from services.replay_exchange.ccxt_config import freqtrade_exchange

PAIRS = tuple(f"COIN{number:03d}/USDT" for number in range(100))
SIGNALS_A_PAIR = 100
NEW_SIGNALS = 5
CANDLES = 2000
CANDLE = timedelta(minutes=1)
LOOPS_A_CANDLE = 60
"""Freqtrade's loop takes at least 5 s, so that a candle of 5 minutes has 60 loops. In one of them it is new."""
QUIET_LOOPS = 3
REQUEST_TIMEOUT_MS = 60_000
_AFTER_THE_CLOSE_SECONDS = 2.0


def mixin_loop(lab: Lab) -> Rows:
    """Milliseconds of a loop of a real bot with 100 pairs, with the mixin and without, on a replay exchange.

    Two bots in dry-run take turns. Each run waits for the next candle (1m): in the loop after it, all candles are
    fetched over REST and analysed. The loops that follow have nothing new.
    """
    clock, server = SystemClock(), lab.servers.redis()
    with bare_redis(server) as owner:
        owner.flushdb()
    store = RedisStore(Settings(**server.settings()))
    store.holds.begin(new_id(), clock.now())  # as the signal cacher does; without it nothing is entered
    made = 0
    for _ in range(lab.amount(SIGNALS_A_PAIR)):
        store.write(list(signals(len(PAIRS), clock.now(), PAIRS, first=made)), clock.now())
        made += len(PAIRS)
    section = {"redis_host": server.host, "redis_port": server.port, "redis_password": server.password}
    candle: dict[str, list[float]] = {"WithNews": [], "WithoutNews": []}
    quiet: dict[str, list[float]] = {"WithNews": [], "WithoutNews": []}
    with ExitStack() as stack:
        stack.callback(store.close)
        url = stack.enter_context(_exchange(lab))
        lab.report("starting two bots")
        bots = {name: stack.enter_context(_bot(lab, name, url, section)) for name in candle}
        for run in lab.runs():
            store.write(list(signals(NEW_SIGNALS, clock.now(), PAIRS, first=made)), clock.now())
            made += NEW_SIGNALS
            order = list(bots) if run % 2 == 0 else list(reversed(bots))
            _wait_for_next_candle()
            for name in order:
                candle[name].append(_loop(bots[name]))
            for name in order:
                quiet[name].append(sum(_loop(bots[name]) for _ in range(QUIET_LOOPS)) / QUIET_LOOPS)
    note = "the same bot without the mixin"
    yield compare("mixin_loop.candle", "ms", candle["WithNews"], candle["WithoutNews"], None, note=note)
    ours, theirs = (_mean(candle[name], quiet[name]) for name in candle)
    yield compare("mixin_loop.mean", "ms", ours, theirs, at_most(1.1), note=f"{note}; over a candle's loops")


def _mean(new: list[float], quiet: list[float]) -> list[float]:
    """The mean time of the loops of a candle of 5 minutes, for each run."""
    others = LOOPS_A_CANDLE - 1
    return [(one + others * other) / LOOPS_A_CANDLE for one, other in zip(new, quiet, strict=True)]


def _wait_for_next_candle() -> None:
    passed = time.time() % CANDLE.total_seconds()
    time.sleep(CANDLE.total_seconds() - passed + _AFTER_THE_CLOSE_SECONDS)


@contextmanager
def _exchange(lab: Lab) -> Iterator[str]:
    """A replay exchange with made-up candles of which half lie in the future; its address."""
    folder = lab.folder / "candles"
    folder.mkdir()
    start = datetime.now(UTC).replace(second=0, microsecond=0) - CANDLES // 2 * CANDLE
    for number, pair in enumerate(PAIRS):
        _write_candles(folder / f"{pair.replace('/', '_')}-1m.feather", number, start)
    now = datetime.now(UTC).isoformat()
    program = [
        *(sys.executable, "-P", "-m", "services.replay_exchange.replay_exchange", "--read-only"),
        *("--candles", str(folder), "--start", now, "--anchor", now),
    ]
    with _started(program, lab) as process:
        yield json.loads(_line(process))["url"]


def _write_candles(path: Path, seed: int, start: datetime) -> None:
    import numpy as np
    import pandas as pd

    walk = np.random.default_rng(seed)
    close = (100 * np.exp(np.cumsum(walk.normal(0, 0.002, CANDLES)))).round(2)
    frame = pd.DataFrame({"date": pd.date_range(start, periods=CANDLES, freq=CANDLE), "open": close})
    volume = walk.uniform(1, 9, CANDLES).round(2)
    frame.assign(high=close + 0.1, low=close - 0.1, close=close, volume=volume).to_feather(path)


@contextmanager
def _bot(lab: Lab, name: str, url: str, section: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    """A bot that has loaded its history."""
    pricing = {"price_side": "other", "use_order_book": True, "order_book_top": 1}
    exchange = freqtrade_exchange(url, PAIRS)
    exchange["ccxt_config"]["timeout"] = REQUEST_TIMEOUT_MS
    config = {
        "strategy": name,
        "strategy_path": str(Path(strategies.__file__).parent),
        "timeframe": "1m",
        "user_data_dir": str(lab.folder),
        "dry_run": True,
        "dry_run_wallet": 1000,
        "db_url": "sqlite://",
        "stake_currency": "USDT",
        "stake_amount": 100,
        "max_open_trades": 3,
        "entry_pricing": pricing,
        "exit_pricing": pricing,
        # Candles over REST, as with most exchanges: with websockets they would come between the loops.
        "exchange": {**exchange, "enable_ws": False},
        "pairlists": [{"method": "StaticPairList"}],
        "cryptoboy": section,
    }
    file = lab.folder / f"{name}.json"
    file.write_text(json.dumps(config))
    with _started(
        [sys.executable, "-P", "-m", "devtools.bench.programs.bot_loops", str(file)], lab
    ) as process:
        _line(process)
        yield process


@contextmanager
def _started(command: list[str], lab: Lab) -> Iterator[subprocess.Popen[str]]:
    with (lab.folder / "programs.log").open("a") as log:
        process = subprocess.Popen(  # noqa: S603 - our own programs
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=lab.environ()
        )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _loop(bot: subprocess.Popen[str]) -> float:
    """Milliseconds of one loop."""
    if bot.stdin is not None:
        bot.stdin.write("\n")
        bot.stdin.flush()
    return 1000 * float(_line(bot))


def _line(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line:
        raise TryLater("mixin_loop: a program ended before its time; run it again")
    return line
