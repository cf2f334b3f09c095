"""The exchange as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "services.replay_exchange.replay_exchange"]
PROJECT = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 60
START = datetime(2026, 4, 1, 12, tzinfo=UTC)


@contextmanager
def process(*options: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*COMMAND, *options], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def ready(running: subprocess.Popen[str]) -> dict[str, Any]:
    assert running.stdout is not None
    message: dict[str, Any] = json.loads(running.stdout.readline())
    return message


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:
        return json.load(answer)


def test_it_announces_its_port_serves_and_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    port_file = tmp_path / "port"
    before = datetime.now(UTC)
    with process("--port-file", str(port_file), "--start", START.isoformat(), "--align", "1h") as running:
        message = ready(running)
        after = datetime.now(UTC)
        assert message["event"] == "ready"
        assert message["url"] == f"http://127.0.0.1:{message['port']}"
        assert message["shift_ms"] % 3_600_000 == 0
        assert port_file.read_text() == f"{message['port']}\n"
        status = get(f"{message['url']}/replay/status")
        assert status["shift_ms"] == message["shift_ms"]
        # At the beginning the recording stood less than an hour after its start; on the hour a new one begins.
        begun = START + timedelta(milliseconds=message["shift_ms"])
        assert before - timedelta(hours=1) < begun <= after
        now, recorded = (datetime.fromisoformat(status[name]) for name in ("now", "recording_now"))
        assert now - recorded == begun - START
        assert len(get(f"{message['url']}/api/v3/klines?symbol=BTCUSDT&interval=5m")) == 500
        assert_ends_cleanly(running, signal.SIGTERM)


def test_it_runs_with_markets_only_and_ends_cleanly_on_sigint() -> None:
    with process("--markets-only", "--pairs", "SOL/USDT") as running:
        symbols = get(f"{ready(running)['url']}/api/v3/exchangeInfo")["symbols"]
        assert [symbol["symbol"] for symbol in symbols] == ["SOLUSDT"]
        assert_ends_cleanly(running, signal.SIGINT)


def test_an_option_that_does_not_fit_ends_it_with_a_message() -> None:
    with process("--start", "noon") as running:
        out, log = running.communicate(timeout=PATIENCE_SECONDS)
        assert (running.returncode, out) == (78, "")
        assert "--start noon" in log
        assert "Traceback" not in log


def assert_ends_cleanly(running: subprocess.Popen[str], number: signal.Signals) -> None:
    running.send_signal(number)
    rest, log = running.communicate(timeout=PATIENCE_SECONDS)
    assert (running.returncode, rest) == (0, "")
    assert "replay_exchange_listening" in log
    assert "Traceback" not in log
