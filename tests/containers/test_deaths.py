"""Each container dies once as by a crash and comes back, and no article is lost or counted twice.

Leaves production as it was.
"""

from __future__ import annotations

import time
from collections import Counter

import pytest

from tests.support.containers.news import headlines, next_signal, no_dead_letters, publish
from tests.support.containers.stack import SERVICES, Stack, state_of
from tests.support.waiting import eventually

TOGETHER = (
    ("news-poller", "market-streamer", "prometheus", "alertmanager", "grafana"),
    ("sentiment-processor", "signal-cacher", "freqtrade", "ollama"),
    ("history-recorder", "api"),
    ("redis",),
    ("rabbitmq",),
)
"""None of a group needs another of it in order to become healthy."""
ARTICLES = 12
COMEBACK_SECONDS = 120.0
BACK = "1 restart, healthy"


@pytest.fixture(scope="module")
def published(production: Stack) -> list[str]:
    """The headlines of articles that are on their way when the containers die."""
    return publish(production, ARTICLES)


@pytest.fixture(scope="module")
def after_death(production: Stack, published: list[str]) -> dict[str, str]:
    """Service -> its state and how often it was restarted, after each was killed once."""
    return {name: state for group in TOGETHER for name, state in killed(production, group).items()}


def killed(production: Stack, group: tuple[str, ...]) -> dict[str, str]:
    """Service -> restarts since and state, as soon as all of the group are healthy again, or when the time is over."""
    before = lives(production)
    for name in group:
        production.kill(production.name_of(name))
    deadline = time.monotonic() + COMEBACK_SECONDS
    while True:
        now = lives(production)
        since = {name: f"{now[name][0] - before[name][0]} restart, {now[name][1]}" for name in group}
        if set(since.values()) == {BACK} or time.monotonic() > deadline:
            return since
        time.sleep(0.5)


def lives(production: Stack) -> dict[str, tuple[int, str]]:
    """Service -> how often it was restarted, and its state."""
    label = "com.docker.compose.service"
    found = {each["Config"]["Labels"][label]: each for each in production.containers()}
    return {name: (each["RestartCount"], state_of(each)) for name, each in found.items()}


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_whose_process_is_killed_comes_back(service: str, after_death: dict[str, str]) -> None:
    assert after_death[service] == BACK


def test_every_article_is_scored_once(
    production: Stack, after_death: dict[str, str], published: list[str]
) -> None:
    assert len(published) == ARTICLES

    def counts() -> Counter[str]:
        return Counter(headline for headline in headlines(production) if headline in published)

    eventually(lambda: set(counts()) == set(published), lambda: f"missing: {set(published) - set(counts())}")
    assert set(counts().values()) == {1}


def test_news_goes_on_after_both_servers_are_restarted(production: Stack) -> None:
    production.compose("restart", "rabbitmq", "redis")
    production.wait_healthy()
    next_signal(production)


def test_nothing_was_dead_lettered(production: Stack) -> None:
    assert no_dead_letters(production)
