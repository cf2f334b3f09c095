"""Where no engine can be had the container tests say why and that nothing was tested, and never count as passed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from services.common.settings.settings import PROJECT_ROOT
from tests.support.containers.cache import cache_folder, fill_second_cache, locked
from tests.support.containers.machine import ContainersNotRun, check_machine, install_tools
from tests.support.containers.packages import mirror
from tests.support.containers.progress import NOT_RUN
from tests.support.containers.python_tree import write_setup

TWO_ENGINES = ("--numprocesses=2", "--dist=loadfile")


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


def run(environ: dict[str, str], cache: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a module of the container tests, where no engine can be had."""
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            *options,
            "tests/containers/test_install.py",
        ],
        cwd=PROJECT_ROOT,
        env={"XDG_CACHE_HOME": str(cache), **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("environ", "options", "why"),
    [
        ({"PATH": "/nowhere"}, (), "there is no apt-get here|only be started"),
        ({"PATH": "/nowhere"}, TWO_ENGINES, "there is no apt-get here|only be started"),
        (
            {"CRYPTOBOY_TEST_DOCKER_HOST": "unix:///nowhere/docker.sock"},
            (),
            "CRYPTOBOY_TEST_DOCKER_HOST=unix:///nowhere",
        ),
    ],
)
def test_the_run_ends_with_a_status_of_its_own(
    environ: dict[str, str], options: tuple[str, ...], why: str, tmp_path: Path
) -> None:
    ran = run(environ, tmp_path, *options)
    last = ran.stdout.splitlines()[-1]
    assert ran.returncode == NOT_RUN, ran.stdout
    assert last.startswith("containers NOT RUN: ")
    assert last.endswith("Nothing was tested.")
    assert re.search(why, last)
    assert "passed" not in ran.stdout


def test_two_engines_are_not_made_of_one_that_is_named(tmp_path: Path) -> None:
    ran = run({"CRYPTOBOY_TEST_DOCKER_HOST": "unix:///nowhere/docker.sock"}, tmp_path, *TWO_ENGINES)
    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    assert "names one engine" in ran.stderr


def test_a_second_engine_begins_with_packages_and_images_of_the_first(tmp_path: Path) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    first = cache_folder(environ)
    second = cache_folder({**environ, "PYTEST_XDIST_WORKER": "gw1"})
    for name in ("packages-suite", "data-new", "data-old"):
        (first / name).mkdir(parents=True)
        (first / name / "made").write_text("by the first")
    fill_second_cache("new", print, environ)
    assert {path.name for path in second.iterdir()} == {"lock", "packages-suite", "data-new"}
    (second / "data-new" / "made").write_text("by the second")
    fill_second_cache("new", print, environ)
    assert (second / "data-new" / "made").read_text() == "by the second"
    assert (first / "data-new" / "made").read_text() == "by the first"


def test_what_cannot_be_copied_for_a_second_engine_is_said_and_leaves_nothing_half_copied(
    tmp_path: Path,
) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    (cache_folder(environ) / "data-new").mkdir(parents=True)
    (tmp_path / "cryptoboy/containers-second").mkdir()
    (tmp_path / "cryptoboy/containers-second/unfinished-data-new").write_text("in the way")
    with pytest.raises(ContainersNotRun, match="cannot be copied for a second engine"):
        fill_second_cache("new", print, environ)
    assert not (tmp_path / "cryptoboy/containers-second/data-new").exists()


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
