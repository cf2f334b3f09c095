"""The real Freqtrade trades as the settings say, or is ended. Variables in its environment make it differ."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.common.settings.settings import Settings
from services.launch.stack import Stack
from services.launch.supervisor import Supervisor
from services.replay_exchange.ccxt_config import ccxt_config
from services.replay_exchange.replay import BUNDLED_CANDLES
from tests.support.servers.server_control import free_ports

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PATIENCE_SECONDS = 200.0


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    api, exchange = free_ports(2)
    settings = Settings(
        freqtrade_api_port=api,
        exchange_config=ccxt_config(f"http://127.0.0.1:{exchange}"),
        strategy_timeframe="1m",
        state_dir=tmp_path,
    )
    return Stack(settings, tmp_path, extra={"TEST_EXCHANGE_PORT": str(exchange)})


@pytest.fixture
def supervisor(stack: Stack, tmp_path: Path) -> Iterator[Supervisor]:
    start = datetime(2025, 5, 3, 12, tzinfo=UTC)
    port = int(stack.extra["TEST_EXCHANGE_PORT"])
    exchange = stack.exchange(BUNDLED_CANDLES, "1m", start, datetime.now(UTC), port)
    with Supervisor(tmp_path / "logs") as running:
        running.start(exchange)
        running.wait_ready([exchange], PATIENCE_SECONDS)
        yield running


def test_it_does_what_the_settings_say(stack: Stack, supervisor: Supervisor) -> None:
    bot = stack.freqtrade(throttle_seconds=5)
    supervisor.start(bot)
    supervisor.wait_ready([bot], PATIENCE_SECONDS)
    assert "freqtrade" in supervisor.pids()


def test_one_that_its_environment_makes_differ_is_ended_at_once(stack: Stack, supervisor: Supervisor) -> None:
    """The variable is put where `up` takes it away."""
    bot = stack.freqtrade(throttle_seconds=5)
    supervisor.start(replace(bot, environ={**bot.environ, "FREQTRADE__STAKE_AMOUNT": "900"}))
    with pytest.raises(StopProgram, match=r"stake_amount is 900, not 100\.0"):
        supervisor.wait_ready([bot], PATIENCE_SECONDS)
    assert "freqtrade" not in supervisor.pids()


def test_one_that_runs_alone_ends_itself_with_78(
    stack: Stack, supervisor: Supervisor, tmp_path: Path
) -> None:
    """As `trade` starts it, with a mode said that its file does not have."""
    bot = replace(stack, alone=True).freqtrade(throttle_seconds=5)
    said = bot.argv.index("--expected-mode") + 1
    argv = [
        *bot.argv[:said],
        bot.argv[said].replace('"stake_amount": 100.0', '"stake_amount": 5.0'),
        *bot.argv[said + 1 :],
    ]
    log = tmp_path / "alone.log"
    with log.open("wb") as output:
        done = subprocess.run(
            argv, env=dict(bot.environ), stdout=output, stderr=output, timeout=PATIENCE_SECONDS, check=False
        )
    told = log.read_text()
    assert "Freqtrade does not trade as the settings say: stake_amount is 100.0, not 5.0" in told
    assert done.returncode == os.EX_CONFIG
    assert "SIGINT received, aborting" in told, "it ended as usual"
    assert supervisor.pids().keys() == {"replay_exchange"}
