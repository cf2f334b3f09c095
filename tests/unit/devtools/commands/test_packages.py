"""What `./cryptoboy test` finds missing, and what it says to somebody who may not install it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from devtools.commands import packages
from devtools.servers import postgresql
from services.cli.bootstrap.advice import InstallError
from services.cli.bootstrap.stamps import Stamps
from services.common.errors import StopProgram

PROGRAMS = (
    *packages.SERVER_PROGRAMS,
    *(program for programs in packages.TOOL_PROGRAMS.values() for program in programs),
)
MakeMachine = Callable[..., None]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeMachine:
    """Makes this machine one that has these programs and no others."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("TEST_RABBITMQ_URL", raising=False)
    monkeypatch.delenv("TEST_REDIS_URL", raising=False)
    monkeypatch.setattr(packages, "SERVER_PROGRAMS", dict.fromkeys(packages.SERVER_PROGRAMS, "/nowhere"))
    monkeypatch.setattr(postgresql, "DEBIAN_FOLDER", tmp_path / "nowhere")

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
    assert packages.missing_tools() == ["prometheus", "prometheus-alertmanager", "chromium", "postgresql"]


def test_addresses_stand_for_servers_and_not_for_tools(
    machine: MakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine("prometheus", "prometheus-alertmanager", "amtool", "chromium", "postgres")
    monkeypatch.setenv("TEST_RABBITMQ_URL", "amqp://somewhere")
    assert packages.missing_servers() == ["redis-server"]
    assert packages.missing_tools() == ["prometheus"]  # its promtool is not here


def test_who_may_not_install_is_told_what_to_install(
    machine: MakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine("redis-server", "prometheus", "promtool", "chromium", "postgres", "apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(StopProgram) as stopped:
        packages.install_test_servers()
    assert "apt-get install rabbitmq-server prometheus-alertmanager)" in str(stopped.value)
    assert "start Docker" in str(stopped.value)
    assert "amtool" in str(stopped.value)


def test_postgresql_is_found_where_debian_has_it(
    machine: MakeMachine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for version in ("9", "15"):
        program = tmp_path / "debian" / version / "bin" / "postgres"
        program.parent.mkdir(parents=True)
        program.touch()
    machine(*(name for name in PROGRAMS if name != "postgres"))
    assert packages.missing_tools() == ["postgresql"]
    monkeypatch.setattr(postgresql, "DEBIAN_FOLDER", tmp_path / "debian")
    assert packages.missing_tools() == []
    assert postgresql.found_programs() == tmp_path / "debian" / "15" / "bin"


def test_docker_is_no_way_out_where_only_tools_are_missing() -> None:
    said = packages.how_to_install([], ["prometheus"])
    assert "apt-get install prometheus)" in said
    assert "Docker" not in said


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stamps:
    """A checkout and the environment that this process would run in, whose bot has `tiny`."""
    locks, venv = tmp_path / "requirements", tmp_path / "venv"
    for folder in (locks, venv / "bin"):
        folder.mkdir(parents=True)
    (venv / "bin/python").symlink_to(sys.executable)
    for name, pinned in {"up": "tiny==1", "dev": "tiny==1 \\\npytest==1", "llm": "model==1"}.items():
        (locks / f"{name}.lock").write_text(f"{pinned} \\\n")
    monkeypatch.setattr(packages, "PROJECT_ROOT", tmp_path)
    monkeypatch.setattr(sys, "prefix", str(venv))
    stamps = Stamps(tmp_path, venv)
    stamps.record("up")
    return stamps


def test_the_packages_of_the_tests_are_recorded_beside_those_that_they_leave_as_they_are(
    checkout: Stamps, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(packages, "_install", lambda lock, _options: asked.append(lock.name))
    packages.install_test_packages()
    packages.install_test_packages()
    assert asked == ["dev.lock", "llm.lock"]
    assert checkout.is_installed("up")


def test_a_record_whose_versions_the_packages_of_the_tests_replace_is_gone(
    checkout: Stamps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "requirements/dev.lock").write_text("tiny==2 \\\n")
    monkeypatch.setattr(packages, "_install", lambda _lock, _options: None)
    packages.install_test_packages()
    assert not checkout.is_installed("up")


def test_packages_of_the_tests_that_cannot_be_had_stop_the_program_and_change_no_record(
    checkout: Stamps, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_lock: Path, _options: tuple[str, ...]) -> None:
        raise InstallError("no index")

    monkeypatch.setattr(packages, "_install", fail)
    with pytest.raises(StopProgram, match="no index"):
        packages.install_test_packages()
    assert (checkout.is_installed("up"), checkout.any_begun()) == (True, False)


def test_after_a_stopped_installation_the_tests_have_installed_again_what_no_record_vouches_for(
    checkout: Stamps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt), checkout.installing("dev"):
        raise KeyboardInterrupt
    about = (
        tmp_path
        / f"venv/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages/tiny-1.dist-info"
    )
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Name: tiny\nVersion: 1\n")
    (tmp_path / "venv/pyvenv.cfg").write_text(f"home = {Path(sys.base_prefix) / 'bin'}\n")
    asked: list[tuple[str, bool]] = []

    def install(lock: Path, _options: tuple[str, ...], *, again: bool = False) -> None:
        asked.append((lock.read_text(), again))

    monkeypatch.setattr(packages, "_install", install)
    packages.install_test_packages()
    assert asked[0] == ("pytest==1 \\\n", True)
