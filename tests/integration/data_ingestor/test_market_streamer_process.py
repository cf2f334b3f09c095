"""The streamer as a process of its own, on real clocks and one-second candles."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.common.broker.open import open_broker
from services.common.broker.topology import RAW_MARKET_DATA
from services.common.clock import SystemClock
from services.common.messages import MarketData, decode
from services.common.settings.settings import PROJECT_ROOT, BrokerKind, Settings
from services.replay_exchange.ccxt_config import ccxt_config
from tests.support.market.replay_samples import RECORDED, rising_bars, series_of, write_feather

PATIENCE_SECONDS = 60
SECONDS_RECORDED = 900


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A replay exchange of one-second candles, as a process, and its address."""
    write_feather(series_of(rising_bars(SECONDS_RECORDED), base_ms=1_000), tmp_path, "1s")
    start = datetime.fromtimestamp(RECORDED / 1000 + 60, UTC).isoformat()
    command = ["-m", "services.replay_exchange.replay_exchange", "--candles", str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, *command, "--timeframe", "1s", "--start", start],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        assert running.stdout is not None
        yield running, json.loads(running.stdout.readline())["url"]
        running.kill()


class Streamer:
    """One run of the program."""

    def __init__(self, folder: Path, url: str, **environ: str) -> None:
        self._log = folder / f"log-{time.monotonic_ns()}"
        inherited = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ
        }
        with self._log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-X", "dev", "-m", "services.data_ingestor.market_streamer"],
                cwd=PROJECT_ROOT,
                stderr=stderr,
                env=inherited
                | {
                    "BROKER": "embedded",
                    "STATE_DIR": str(folder / "state"),
                    "TRADING_PAIRS": "BTC/USDT",
                    "CANDLE_TIMEFRAME": "1s",
                    "EXCHANGE_CONFIG": json.dumps(ccxt_config(url)),
                    "HEALTH_PORT": "0",
                    "LOG_FORMAT": "json",
                }
                | environ,
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def health(self) -> tuple[int, dict[str, Any]]:
        lines = [
            json.loads(line)
            for line in self.log.splitlines(keepends=True)
            if line.startswith("{") and line.endswith("\n")  # the last may be half written
        ]
        (address,) = {line["health"] for line in lines if line["event"] == "service_starting"}
        answer = httpx.get(address, timeout=PATIENCE_SECONDS)
        return answer.status_code, answer.json()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.05)

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


@pytest.fixture
def start(exchange: tuple[subprocess.Popen[str], str], tmp_path: Path) -> Iterator[Callable[..., Streamer]]:
    started: list[Streamer] = []

    def begin(**environ: str) -> Streamer:
        started.append(Streamer(tmp_path, exchange[1], **environ))
        return started[-1]

    yield begin
    for streamer in started:
        streamer.process.kill()
        streamer.process.wait()


class Queue:
    """A consumer of the candles beside the running program."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(broker=BrokerKind.EMBEDDED, state_dir=folder / "state")
        self._broker = open_broker(settings, SystemClock())
        self._broker.start()
        self._inbox = self._broker.subscribe(RAW_MARKET_DATA.name, 10_000)
        self._seen: list[MarketData] = []

    @property
    def candles(self) -> list[MarketData]:
        while deliveries := self._inbox.receive(1_000, 0.0):
            self._seen += [decode(delivery.body, MarketData) for delivery in deliveries]
            self._inbox.ack(deliveries)
        return self._seen

    def close(self) -> None:
        self._broker.close()


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    one = Queue(tmp_path)
    yield one
    one.close()


def test_two_runs_publish_every_candle_once_and_end_cleanly(
    start: Callable[..., Streamer], queue: Queue
) -> None:
    first = start()
    first.wait_until(lambda: len(queue.candles) >= 4)
    status, body = first.health()
    assert (status, body["status"]) == (200, "ok")
    assert list(body["dependencies"]) == ["broker", "exchange", "stream:BTC/USDT", "work"]
    assert first.end() == 0
    count = len(queue.candles)

    second = start()
    second.wait_until(lambda: len(queue.candles) >= count + 6)
    assert second.end() == 0

    opened = [candle.timestamp_ms for candle in queue.candles]
    assert opened == list(range(opened[0], opened[0] + 1_000 * len(opened), 1_000))
    bars = [candle.data.open - 100 for candle in queue.candles]
    assert bars == [bars[0] + number for number in range(len(bars))]
    for run in (first, second):
        for sign in ("Unclosed", "unclosed", "Traceback", "never retrieved", "never awaited"):
            assert sign not in run.log


def test_it_ends_though_the_exchange_hangs(
    exchange: tuple[subprocess.Popen[str], str], start: Callable[..., Streamer], queue: Queue
) -> None:
    streamer = start()
    streamer.wait_until(lambda: len(queue.candles) >= 2)
    exchange[0].send_signal(signal.SIGSTOP)
    try:
        assert streamer.end() == 0
    finally:
        exchange[0].send_signal(signal.SIGCONT)
    for sign in ("Unclosed", "unclosed", "Traceback", "never retrieved", "never awaited"):
        assert sign not in streamer.log
