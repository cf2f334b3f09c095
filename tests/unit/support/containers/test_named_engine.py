"""An engine of the user's is refused where the tests would remove something of his."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.containers.machine import ContainersNotRun
from tests.support.containers.named_engine import named_engine

ADDRESS = "unix:///somewhere/docker.sock"


def docker(folder: Path, listed: str) -> dict[str, str]:
    """An environment whose `docker` answers `listed` where the shell's conditions hold, and notes what it is asked."""
    script = folder / "docker"
    script.write_text(f'#!/bin/sh\necho "$@" >> {folder}/asked\n{listed}\n')
    script.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ('case "$*" in ps*project=trading*) echo a-container-of-his;; esac', "container a-container-of-his"),
        ('case "$*" in volume*project=trading*) echo his-volume;; esac', "volume his-volume"),
        ('case "$*" in network*project=trading*) echo his-network;; esac', "network his-network"),
        # What was made by hand has no label, and `down --volumes` removes a volume by its name.
        (
            'case "$*" in "volume ls --format {{.Name}}") echo trading_redis-data;; esac',
            "volume trading_redis-data",
        ),
        (
            'case "$*" in "ps --all --format {{.Names}}") echo trading-rabbitmq;; esac',
            "container trading-rabbitmq",
        ),
        ('case "$*" in ps*project=cryptoboy-development*) echo redis;; esac', "container redis"),
    ],
)
def test_an_engine_with_a_system_of_ours_is_refused_before_anything_is_done(
    listed: str, found: str, tmp_path: Path
) -> None:
    with pytest.raises(ContainersNotRun, match=f"has a system of ours.*: {found}$"):
        named_engine(ADDRESS, docker(tmp_path, listed))
    asked = {line.split()[0] for line in (tmp_path / "asked").read_text().splitlines()}
    assert asked <= {"version", "ps", "volume", "network"}


def test_an_engine_with_systems_of_others_is_taken(tmp_path: Path) -> None:
    others = (
        'case "$*" in ps*filter*|volume*filter*|network*filter*) ;; *) echo trading2_db tradingview;; esac'
    )
    engine = named_engine(ADDRESS, docker(tmp_path, others))
    assert engine.environ["DOCKER_HOST"] == ADDRESS
    assert not engine.is_own


def test_an_engine_that_does_not_answer_is_said(tmp_path: Path) -> None:
    with pytest.raises(
        ContainersNotRun, match=r"CRYPTOBOY_TEST_DOCKER_HOST=.* cannot be used: nobody is there"
    ):
        named_engine(ADDRESS, docker(tmp_path, "echo 'nobody is there' >&2; exit 1"))
