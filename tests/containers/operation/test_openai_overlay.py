"""Scores by a model server elsewhere: the Ollama of Compose is stopped, and is back without the overlay.

Leaves production as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.containers.news import headlines, next_signal, no_dead_letters, publish
from tests.support.containers.reach import Target, reach
from tests.support.containers.stack import OPENAI, PRODUCTION, TLS, Stack
from tests.support.waiting import eventually

REMOTE_OLLAMA = "docker-compose.remote-ollama.yml"
WITHOUT_A_GPU = "docker-compose.without-a-gpu.yml"
ELSEWHERE = "ollama-elsewhere"
MODELS = "trading_ollama-models"
MODEL = "mistral:7b"


def up(system: Stack, *files: str) -> None:
    """A plain `up -d` with these files beside that of production, as the guide says."""
    system.files = (PRODUCTION, *files)
    system.compose("up", "-d")
    system.wait_healthy()


def ollamas(system: Stack) -> set[str]:
    """The services of Ollama that have a container, in whatever state."""
    services = {each["Config"]["Labels"]["com.docker.compose.service"] for each in system.containers()}
    return {name for name in services if "ollama" in name}


def model_of_the_newest(system: Stack) -> str:
    return system.redis("hget", "sentiment:BTC/USDT", "model")


def score_new_articles(system: Stack) -> None:
    """Return when articles that are published now have become signals."""
    titles = publish(system, 3)
    eventually(lambda: set(titles) <= set(headlines(system)), "a signal of every article")
    assert no_dead_letters(system)


@pytest.fixture(scope="module")
def system(production: Stack) -> Iterator[Stack]:
    """The running system, with the Ollama of the profile `gpu` as well, on a machine that need not have one."""
    assert ollamas(production) == {"ollama", "ollama-model"}
    gpu = "services: {ollama-gpu: {deploy: {resources: {reservations: !reset null}}}}\n"
    (production.folder / WITHOUT_A_GPU).write_text(gpu)
    production.files = (PRODUCTION, WITHOUT_A_GPU)
    production.compose("--profile", "gpu", "up", "-d", "ollama-gpu")
    production.wait_healthy()
    assert ollamas(production) == {"ollama", "ollama-model", "ollama-gpu"}
    yield production
    production.env(OPENAI_BASE_URL=None, OPENAI_MODEL=None, CRYPTOBOY_OLLAMA_HOST=None)
    up(production)


@pytest.fixture(scope="module")
def hosted(system: Stack) -> Stack:
    """Then with a hosted model."""
    system.env(OPENAI_BASE_URL="http://world:8000/v1", OPENAI_MODEL="good-news")
    up(system, OPENAI)
    return system


def test_the_overlay_stops_the_ollamas_of_a_running_system(hosted: Stack) -> None:
    assert ollamas(hosted) == set()


def test_news_goes_on_with_the_hosted_model(hosted: Stack) -> None:
    score_new_articles(hosted)
    assert "good-news" in model_of_the_newest(hosted)


def test_the_models_are_kept(hosted: Stack) -> None:
    image = hosted.running()["redis"]["Image"]
    mounted = ("run", "--rm", "--volume", f"{MODELS}:/models", "--entrypoint", "find", image)
    assert MODEL.partition(":")[0] in hosted.engine.docker(*mounted, "/models", "-type", "f")


@pytest.fixture(scope="module")
def back(hosted: Stack) -> Stack:
    """Then without the overlay again."""
    up(hosted)
    return hosted


def test_without_the_overlay_the_ollama_of_compose_is_back_with_its_models(back: Stack) -> None:
    assert ollamas(back) == {"ollama", "ollama-model"}
    assert MODEL in back.exec("trading-bot-ollama-prod", "ollama", "list")
    next_signal(back)
    score_new_articles(back)
    assert MODEL in model_of_the_newest(back)


@pytest.fixture(scope="module")
def elsewhere(back: Stack) -> Iterator[Target]:
    """An Ollama on the machine itself, outside of Compose, which listens on all addresses; one of these."""
    docker = back.engine.docker
    image = back.running()["ollama"]["Config"]["Image"]
    docker("run", "--detach", "--name", ELSEWHERE, "--network", "host", image)
    eventually(
        lambda: docker("exec", ELSEWHERE, "ollama", "list", check=False).startswith("NAME"), "an Ollama"
    )
    docker("exec", ELSEWHERE, "ollama", "pull", MODEL)
    gateway = docker("network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", "bridge").strip()
    yield Target(ELSEWHERE, "host", gateway, 11434)
    docker("rm", "--force", "--volumes", ELSEWHERE)


@pytest.fixture(scope="module")
def way_before(back: Stack, elsewhere: Target) -> str:
    """Whether the processor reaches it without the overlay."""
    return reach(back.engine, "trading-sentiment-processor-1", [elsewhere])[elsewhere]


@pytest.fixture(scope="module")
def remote(back: Stack, elsewhere: Target, way_before: str) -> Stack:
    """Then with the Ollama elsewhere, and TLS inside."""
    assert way_before, "asked before there is a way"
    back.cryptoboy("secrets", "certificates")
    back.env(CRYPTOBOY_OLLAMA_HOST=f"http://host.docker.internal:{elsewhere.port}")
    up(back, TLS, REMOTE_OLLAMA)
    return back


def test_an_ollama_elsewhere_is_reached_with_the_overlay_alone(
    remote: Stack, elsewhere: Target, way_before: str
) -> None:
    assert reach(remote.engine, "trading-sentiment-processor-1", [elsewhere])[elsewhere] == "open"
    assert way_before != "open"


def test_no_ollama_of_compose_runs_beside_the_one_elsewhere(remote: Stack) -> None:
    assert ollamas(remote) == set()


def test_news_is_scored_by_the_ollama_elsewhere(remote: Stack) -> None:
    score_new_articles(remote)
    assert MODEL in model_of_the_newest(remote)
    health = remote.exec("trading-sentiment-processor-1", "python", "-m", "services.common.probe")
    assert "host.docker.internal" in health


def test_the_operators_doctor_asks_the_ollama_elsewhere(remote: Stack) -> None:
    found = json.loads(remote.operator("doctor", "--json"))
    (scorer,) = [check for check in found["checks"] if check["name"] == "scorer (ollama)"]
    assert scorer["state"] == "ok", scorer
    assert found["ok"], found
