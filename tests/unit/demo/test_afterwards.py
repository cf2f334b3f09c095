"""The page of a demo that has ended is shown again from its folder."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from services.common.settings.settings import BrokerKind, Settings
from services.common.store.embedded.access import with_socket
from services.demo.afterwards import command_afterwards, settings_afterwards
from services.demo.plan import sample_plan
from services.demo.settings import for_replay


@pytest.mark.parametrize("broker", BrokerKind)
def test_the_command_that_is_printed_loads_the_settings_of_the_demo(
    broker: BrokerKind, tmp_path: Path
) -> None:
    folder = tmp_path / "a run"
    folder.mkdir()
    ran = for_replay(Settings(broker=broker, redis_port=6380), sample_plan(1.0, None), folder, 1)
    variable, *command = shlex.split(command_afterwards(ran, folder))
    name, _, file = variable.partition("=")
    assert (name, command) == ("CRYPTOBOY_ENV_FILE", ["./cryptoboy", "serve"])
    loaded = with_socket(Settings.load({}, Path(file)))
    assert loaded.broker is BrokerKind.EMBEDDED
    assert loaded.trading_pairs == ran.trading_pairs
    assert (loaded.state_dir, loaded.candle_timeframe, loaded.api_port) == (
        ran.state_dir,
        ran.candle_timeframe,
        ran.api_port,
    )
    if broker is BrokerKind.EMBEDDED:
        assert loaded.redis_socket == ran.redis_socket
        assert settings_afterwards(ran).redis_socket == ran.redis_socket
