"""Where no engine can be had the container tests say why and that nothing was tested, and never count as passed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from services.common.settings.settings import PROJECT_ROOT
from tests.support.containers.cache import cache_folder, locked
from tests.support.containers.machine import ContainersNotRun, check_machine, install_tools
from tests.support.containers.packages import mirror
from tests.support.containers.python_tree import write_setup

NOT_RUN = 77


def programs(folder: Path, **scripts: str) -> dict[str, str]:
    """An environment whose PATH has these programs only."""
    for name, text in scripts.items():
        file = folder / name.replace("_", "-")
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)
    return {"PATH": str(folder)}


def test_an_engine_is_only_started_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(ContainersNotRun, match="only be started on Linux, and this is darwin"):
        check_machine()


def test_an_engine_is_only_started_by_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ContainersNotRun, match="only be started by root"):
        check_machine()


def test_without_apt_there_are_no_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(ContainersNotRun, match="there is no apt-get here"):
        check_machine({"PATH": str(tmp_path)})


def test_with_apt_and_root_nothing_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    check_machine(programs(tmp_path, apt_get="", dpkg_deb=""))


def test_a_program_that_cannot_be_installed_is_said_with_what_apt_says(tmp_path: Path) -> None:
    environ = programs(tmp_path, apt_get="echo 'no such mirror' >&2; exit 100")
    with pytest.raises(ContainersNotRun, match=r"apt-get -qq update ...` ended with 100: no such mirror"):
        install_tools(environ)


def test_only_what_is_missing_is_installed(tmp_path: Path) -> None:
    there = dict.fromkeys(("runc", "iptables", "nsenter", "unshare", "ip"), "")
    environ = programs(tmp_path, **there, apt_get=f'echo "$@" >> {tmp_path}/asked')
    install_tools(environ)
    assert (tmp_path / "asked").read_text().splitlines() == [
        "-qq update",
        "-qq install --yes --no-install-recommends mmdebstrap slirp4netns",
    ]


def test_a_mirror_that_apt_cannot_name_is_said(tmp_path: Path) -> None:
    with pytest.raises(ContainersNotRun, match="ended with 1"):
        mirror(programs(tmp_path, apt_get="exit 1"))


def test_the_mirror_is_the_one_that_the_machine_is_set_up_with(tmp_path: Path) -> None:
    listed = "echo http://mirror.invalid/debian-security; echo http://mirror.invalid/debian"
    assert mirror(programs(tmp_path, apt_get=listed)) == "http://mirror.invalid/debian"


def test_a_cache_that_is_no_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "cryptoboy").write_text("a file")
    folder = cache_folder({"XDG_CACHE_HOME": str(tmp_path)})
    with pytest.raises(ContainersNotRun, match="cannot be used"), locked(folder, print):
        pass


def test_a_second_run_waits_for_the_first_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    program = (
        "import fcntl, sys; lock = open(sys.argv[1], 'w'); fcntl.flock(lock, fcntl.LOCK_EX);"
        " print('has it', flush=True); input()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "has it\n"

    def end_the_other(text: str) -> None:
        said.append(text)
        other.communicate("\n")

    with locked(tmp_path, end_the_other):
        assert said == [f"waiting for another run, which uses {tmp_path}"]


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({"PATH": "/nowhere"}, "there is no apt-get here|only be started"),
        (
            {"CRYPTOBOY_TEST_DOCKER_HOST": "unix:///nowhere/docker.sock"},
            "CRYPTOBOY_TEST_DOCKER_HOST=unix:///nowhere",
        ),
    ],
)
def test_the_run_ends_with_a_status_of_its_own(environ: dict[str, str], why: str, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/containers/test_install.py"],
        cwd=PROJECT_ROOT,
        env={"XDG_CACHE_HOME": str(tmp_path), **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    last = ran.stdout.splitlines()[-1]
    assert ran.returncode == NOT_RUN, ran.stdout
    assert last.startswith("containers NOT RUN: ")
    assert last.endswith("Nothing was tested.")
    assert re.search(why, last)
    assert "passed" not in ran.stdout


def test_the_stand_in_takes_indexes_and_limits_but_no_files_of_this_machine(tmp_path: Path) -> None:
    write_setup(
        tmp_path,
        "global.extra-index-url='file:///here https://packages.invalid/simple'\nglobal.find-links='/here'\n"
        ":env:.default-timeout='180'\n",
    )
    assert (tmp_path / "pip.conf").read_text().splitlines() == [
        "[global]",
        "cert = /etc/ssl/certs/ca-certificates.crt",
        "extra-index-url = https://packages.invalid/simple",
        "timeout = 180",
    ]
    assert 'extra-index-url = ["https://packages.invalid/simple"]' in (tmp_path / "uv.toml").read_text()
