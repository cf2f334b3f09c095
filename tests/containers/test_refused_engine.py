"""An engine that is named and holds a system of ours is left as it is. Leaves the engine empty."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from services.common.settings.settings import PROJECT_ROOT
from tests.support.containers.engine import Engine
from tests.support.containers.named_engine import NAMED
from tests.support.deploy.images import image_named

LABEL = "com.docker.compose.project=trading"
NOT_RUN = 77


@pytest.fixture
def operators(empty_engine: Engine) -> Iterator[Engine]:
    """An engine with a container and a volume of a system that an operator runs."""
    empty_engine.docker("volume", "create", "trading_freqtrade-data")
    mount = "trading_freqtrade-data:/data"
    command = (
        "--name",
        "his",
        "--label",
        LABEL,
        "--volume",
        mount,
        image_named("redis"),
        "sleep",
        "infinity",
    )
    empty_engine.docker("run", "--detach", *command)
    yield empty_engine
    empty_engine.docker("rm", "--force", "his")
    empty_engine.docker("volume", "rm", "trading_freqtrade-data")


def test_the_tests_refuse_it_and_touch_nothing(operators: Engine) -> None:
    before = state(operators)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "tests/containers/test_install.py"],
        cwd=PROJECT_ROOT,
        env={**operators.environ, NAMED: operators.environ["DOCKER_HOST"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == NOT_RUN
    last = ran.stdout.splitlines()[-1]
    assert last.startswith("containers NOT RUN: ")
    assert "container his, volume trading_freqtrade-data" in last
    assert state(operators) == before


def state(engine: Engine) -> tuple[object, ...]:
    """The container as it runs, and every image and volume by name."""
    images = engine.docker("images", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")
    return (
        engine.docker("inspect", "his"),
        sorted(images.splitlines()),
        engine.docker("volume", "ls", "--quiet"),
    )
