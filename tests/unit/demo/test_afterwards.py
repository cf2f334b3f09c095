"""The page of a demo that has ended is shown again from its folder."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from services.common.probe import USUAL_PORTS
from services.common.services import API, SERVICES
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
    plan = sample_plan(1.0, None)
    ran = for_replay(Settings(broker=broker, redis_port=6380), plan, folder, 1)
    variable, *command = shlex.split(command_afterwards(plan, ran, folder))
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
        assert settings_afterwards(plan, ran).redis_socket == ran.redis_socket


def test_its_page_says_that_it_is_a_demo_that_it_has_ended_and_that_its_clock_was_its_own(
    tmp_path: Path,
) -> None:
    plan = sample_plan(10.0, None)
    ran = for_replay(Settings(api_note="the real thing"), plan, tmp_path, 1)
    assert str(ran.api_note).startswith("This is a demo. Its headlines were written for it")
    ended = str(Settings.load({}, Path(_env_file(command_afterwards(plan, ran, tmp_path)))).api_note)
    assert ended.startswith("This demo has ended. Its headlines were written for it")
    assert "Ages now count from this machine's clock" in ended
    assert "clock" not in sample_plan(1.0, None).note(has_ended=True)


def test_the_services_of_another_system_are_not_taken_for_those_of_the_demo(tmp_path: Path) -> None:
    plan = sample_plan(1.0, None)
    shown = settings_afterwards(plan, for_replay(Settings(), plan, tmp_path, 1)).service_addresses
    assert shown.keys() == SERVICES.keys() - {API}
    assert {int(address.rpartition(":")[2]) for address in shown.values()}.isdisjoint(USUAL_PORTS.values())


def _env_file(command: str) -> str:
    return shlex.split(command)[0].partition("=")[2]
