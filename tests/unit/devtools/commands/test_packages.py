"""What `./cryptoboy test` finds missing, and what it says to somebody who may not install it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from devtools.commands import packages
from services.common.errors import StopProgram

PROGRAMS = (
    *packages.SERVER_PROGRAMS,
    *(program for programs in packages.MONITORING_PROGRAMS.values() for program in programs),
)
MakeMachine = Callable[..., None]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeMachine:
    """Makes this machine one that has these programs and no others."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("TEST_RABBITMQ_URL", raising=False)
    monkeypatch.delenv("TEST_REDIS_URL", raising=False)
    monkeypatch.setattr(packages, "SERVER_PROGRAMS", dict.fromkeys(packages.SERVER_PROGRAMS, "/nowhere"))

    def make(*programs: str) -> None:
        for name in programs:
            (tmp_path / name).write_text("#!/bin/sh\n")
            (tmp_path / name).chmod(0o755)

    return make


def test_nothing_is_missing_where_everything_is(machine: MakeMachine) -> None:
    machine(*PROGRAMS)
    assert (packages.missing_servers(), packages.missing_tools()) == ([], [])
    packages.install_test_servers()


def test_a_container_engine_stands_for_servers_and_not_for_tools(machine: MakeMachine) -> None:
    machine("docker")
    assert packages.missing_servers() == []
    assert packages.missing_tools() == ["prometheus", "prometheus-alertmanager"]


def test_addresses_stand_for_servers_and_not_for_tools(
    machine: MakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine("prometheus", "prometheus-alertmanager", "amtool")
    monkeypatch.setenv("TEST_RABBITMQ_URL", "amqp://somewhere")
    assert packages.missing_servers() == ["redis-server"]
    assert packages.missing_tools() == ["prometheus"]  # its promtool is not here


def test_who_may_not_install_is_told_what_to_install(
    machine: MakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine("redis-server", "prometheus", "promtool", "apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(StopProgram) as stopped:
        packages.install_test_servers()
    assert "apt-get install rabbitmq-server prometheus-alertmanager)" in str(stopped.value)
    assert "start Docker" in str(stopped.value)
    assert "amtool" in str(stopped.value)


def test_docker_is_no_way_out_where_only_tools_are_missing() -> None:
    said = packages.how_to_install([], ["prometheus"])
    assert "apt-get install prometheus)" in said
    assert "Docker" not in said
