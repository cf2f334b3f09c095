"""The image's steps, carried out in an empty folder with a clean environment: what it installs is enough to run."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from services.common.settings.settings import PROJECT_ROOT
from tests.support.deploy.dockerfile_steps import Image
from tests.support.servers.server_control import free_ports

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
DOCKERFILE = PROJECT_ROOT / "deploy" / "Dockerfile"
PATIENCE_SECONDS = 60.0


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return _built(tmp_path_factory, "operator")


@pytest.fixture(scope="module")
def processor(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return _built(tmp_path_factory, "sentiment-processor")


def _built(tmp_path_factory: pytest.TempPathFactory, target: str) -> Image:
    built = Image(tmp_path_factory.mktemp(target), PROJECT_ROOT)
    built.build(DOCKERFILE, target)
    built.environment["STATE_DIR"] = str(built.root / "state")
    return built


def test_the_usual_command_shows_what_there_is(operator: Image) -> None:
    done = operator.run(operator.command)
    assert done.returncode == 0, done.stderr
    assert "deploy" in done.stdout


def test_a_service_starts_is_healthy_and_ends_when_asked(processor: Image, tmp_path: Path) -> None:
    port = str(free_ports(1)[0])
    settings = {"BROKER": "embedded", "SENTIMENT_SCORER": "lexicon", "HEALTH_PORT": port}
    log = tmp_path / "log"
    service = processor.start(processor.command, log, **settings)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (asked := processor.run(processor.health_check, HEALTH_PORT=port)).returncode != 0:
            assert service.poll() is None, log.read_text()
            assert time.monotonic() < deadline, asked.stderr + log.read_text()
        service.terminate()
        assert service.wait(PATIENCE_SECONDS) == 0, log.read_text()
    finally:
        service.kill()
        service.wait()


def test_a_command_for_developers_says_that_it_runs_in_a_checkout(operator: Image) -> None:
    done = operator.run(["python", "-m", "services.cli", "bench", "cacher"])
    assert done.returncode == 78, done.stderr
    assert "only in a checkout of the project" in done.stderr


def test_headlines_are_evaluated_in_the_operators_image(operator: Image, tmp_path: Path) -> None:
    headlines = tmp_path / "headlines.csv"
    headlines.write_text("label,text\npositive,Bitcoin surges to a record high\nnegative,Exchange hacked\n")
    command = [
        "python",
        "-m",
        "services.cli",
        "evaluate",
        "--scorer",
        "lexicon",
        "--labelled",
        str(headlines),
    ]
    done = operator.run(command)
    assert done.returncode == 0, done.stderr
    assert "lexicon" in done.stdout


def test_no_build_tool_and_no_test_is_in_it(operator: Image, processor: Image) -> None:
    for image in (operator, processor):
        (packages,) = (image.root / "venv").glob("lib/python*/site-packages")
        names = {each.name.partition("-")[0].lower() for each in packages.glob("*.dist-info")}
        assert names
        assert names.isdisjoint({"pip", "uv", "wheel", "pytest", "ruff", "mypy", "freqtrade", "libfaketime"})
        assert not [each for each in packages.rglob("tests") if each.is_dir()]
        assert not {"devtools", "tests"} & {each.name for each in (image.root / "app").iterdir()}
