"""Freqtrade as a bot in dry-run against the replay exchange, in a user_data folder of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.strategy.freqtrade_offline import ROOT

PATIENCE_SECONDS = 300  # for a start on a busy machine
STOP_SECONDS = 60


@contextmanager
def replayed(pairs: Sequence[str], timeframe: str) -> Iterator[str]:
    """The address of an exchange that replays the recorded candles of the pairs, in whole candles of a timeframe."""
    program = "services.replay_exchange.replay_exchange"
    options = ["--pairs", ",".join(pairs), "--align", timeframe]
    with subprocess.Popen(
        [sys.executable, "-m", program, *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


class Bot:
    """A bot that trades, and what its strategy has written to `events.jsonl` in its folder."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self._folder, self._process = folder, process

    def events(self) -> list[dict[str, Any]]:
        """All events, each with `what` and `at`."""
        path = self._folder / "events.jsonl"
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def wait_for(self, what: str, *, after: float = 0.0) -> dict[str, Any]:
        """The first event of that name after a time."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            for event in self.events():
                if event["what"] == what and event["at"] > after:
                    return event
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, f"no {what}: {self.log()}"
            time.sleep(0.05)

    def log(self) -> str:
        """The end of the bot's log."""
        return (self._folder / "bot.log").read_text()[-5000:]


@contextmanager
def trading(user_data: Path) -> Iterator[Bot]:
    """A bot with the configuration `config.json` of the folder; it is stopped as with Ctrl-C."""
    freqtrade = Path(sys.executable).with_name("freqtrade")
    database = ["--db-url", f"sqlite:///{user_data / 'trades.sqlite'}"]
    with (
        (user_data / "bot.log").open("wb") as log,
        subprocess.Popen(
            [str(freqtrade), "trade", "--config", "config.json", "--userdir", ".", *database],
            cwd=user_data,
            env={"PATH": "/usr/bin:/bin", "HOME": str(user_data)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            yield Bot(user_data, process)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
