"""What a demo says of its clock, which its logs and trades go by, and of how to look inside."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from services.common.settings.settings import BrokerKind, Settings
from services.demo.run import clock_note, how_to_look


def test_a_clock_that_runs_faster_is_said_to_be_set_back_and_by_how_much() -> None:
    assert clock_note(10.0, timedelta(seconds=2340)) == (
        "; its clock is set back by 39 minutes, so that it can run 10 times as fast"
    )


def test_a_slower_clock_is_not_said_to_be_set_back_and_of_the_real_one_nothing_is_said() -> None:
    assert clock_note(0.5, timedelta(seconds=10)) == "; its clock runs 0.5 times as fast"
    assert clock_note(1.0, timedelta(0)) == ""


@pytest.mark.parametrize("tool", ["redis-cli", None])
def test_a_tool_that_is_not_here_is_not_named(
    tool: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if tool:
        (tmp_path / tool).touch(0o755)
    settings = Settings(
        broker=BrokerKind.EMBEDDED, redis_socket=Path("/run/a demo.sock"), trading_pairs=("ETH/USDT",)
    )
    assert how_to_look(settings) == (
        "redis-cli -s '/run/a demo.sock' HGETALL sentiment:ETH/USDT"
        if tool
        else "CRYPTOBOY_ENV_FILE= REDIS_SOCKET='/run/a demo.sock' ./cryptoboy sentiment ETH/USDT"
    )
