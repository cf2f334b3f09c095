"""The image's steps, carried out in an empty folder with a clean environment: what it installs is enough to run."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from services.common.settings.settings import PROJECT_ROOT
from tests.support.deploy.dockerfile_steps import Image, read_steps
from tests.support.servers.server_control import free_ports

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
DOCKERFILE = PROJECT_ROOT / "deploy" / "Dockerfile"
PATIENCE_SECONDS = 60.0


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    built = Image(tmp_path_factory.mktemp("image"), PROJECT_ROOT)
    built.build(DOCKERFILE)
    built.environment["STATE_DIR"] = str(built.root / "state")
    return built


def test_the_usual_command_shows_what_there_is(image: Image) -> None:
    done = image.run(image.command)
    assert done.returncode == 0, done.stderr
    assert "deploy" in done.stdout


def test_a_service_starts_is_healthy_and_ends_when_asked(image: Image, tmp_path: Path) -> None:
    port = str(free_ports(1)[0])
    settings = {"BROKER": "embedded", "SENTIMENT_SCORER": "lexicon", "HEALTH_PORT": port}
    log = tmp_path / "log"
    service = image.start(
        ["python", "-m", "services.sentiment_analyzer.sentiment_processor"], log, **settings
    )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (asked := image.run(image.health_check, HEALTH_PORT=port)).returncode != 0:
            assert service.poll() is None, log.read_text()
            assert time.monotonic() < deadline, asked.stderr + log.read_text()
        service.terminate()
        assert service.wait(PATIENCE_SECONDS) == 0, log.read_text()
    finally:
        service.kill()
        service.wait()


def test_a_command_for_developers_says_that_it_runs_in_a_checkout(image: Image) -> None:
    done = image.run(["python", "-m", "services.cli", "bench", "cacher"])
    assert done.returncode == 78, done.stderr
    assert "only in a checkout of the project" in done.stderr


def test_what_the_image_leaves_out_is_missed_by_nothing(image: Image) -> None:
    modules = "freqtrade.main, freqtrade.commands, ccxt.pro, talib, pyarrow.feather, scipy.optimize"
    done = image.run(["python", "-c", f"import {modules}; import services.cli.app"])
    assert done.returncode == 0, done.stderr[-3000:]


def test_no_build_tool_and_no_test_is_in_it(image: Image) -> None:
    (packages,) = (image.root / "venv").glob("lib/python*/site-packages")
    names = {each.name.partition("-")[0].lower() for each in packages.glob("*.dist-info")}
    assert names
    assert names.isdisjoint({"pip", "uv", "wheel", "pytest", "ruff", "mypy"})
    left = {each.relative_to(packages).parts[0] for each in packages.rglob("tests") if each.is_dir()}
    assert left <= {"bottleneck"}  # which imports its own when it is imported
    assert not {"devtools", "tests"} & {each.name for each in (image.root / "app").iterdir()}


def test_every_package_is_installed_by_its_hash_and_the_last_stage_installs_none() -> None:
    build, final = read_steps(DOCKERFILE)
    installs = [part for step in build for part in step.rest.split("&&") if " install " in part]
    assert installs
    assert all("--require-hashes" in part for part in installs)
    assert not [step for step in final if "pip install" in step.rest]
    assert [step.rest for step in final if step.instruction == "USER"] == ["10001:10001"]
