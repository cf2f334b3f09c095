"""The number of sentiment processors stands in `.env`, and every later command keeps it.

Leaves production as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.containers.news import headlines, publish
from tests.support.containers.stack import Stack
from tests.support.waiting import eventually

PROCESSORS = 3
SERVICE = "sentiment-processor"


def processors(system: Stack) -> int:
    label = "com.docker.compose.service"
    return sum(
        each["Config"]["Labels"][label] == SERVICE and each["State"]["Running"]
        for each in system.containers()
    )


@pytest.fixture(scope="module")
def scaled(production: Stack) -> Iterator[Stack]:
    assert processors(production) == 1, "one where nothing is said"
    production.env(SENTIMENT_PROCESSORS=str(PROCESSORS))
    production.compose("up", "-d")
    production.wait_healthy()
    yield production
    production.env(SENTIMENT_PROCESSORS=None)
    production.compose("up", "-d")


def test_as_many_processors_run_as_the_env_file_says(scaled: Stack) -> None:
    assert processors(scaled) == PROCESSORS


def test_a_plain_up_keeps_them(scaled: Stack) -> None:
    scaled.compose("up", "-d")
    assert processors(scaled) == PROCESSORS


def test_prometheus_finds_each_of_them(scaled: Stack) -> None:
    def found() -> int:
        answer = json.loads(scaled.http("http://127.0.0.1:9090/api/v1/targets?state=active"))
        targets = answer["data"]["activeTargets"]
        return len({t["scrapeUrl"] for t in targets if t["labels"]["job"] == SERVICE and t["health"] == "up"})

    eventually(lambda: found() == PROCESSORS, lambda: f"{found()} of {PROCESSORS} targets are up")


def test_news_is_scored_once_by_all_of_them_together(scaled: Stack) -> None:
    titles = publish(scaled, 2 * PROCESSORS)
    eventually(lambda: set(titles) <= set(headlines(scaled)), "a signal of every article")
    assert [headlines(scaled).count(title) for title in titles] == [1] * len(titles)


def test_the_commands_know_the_variable(scaled: Stack) -> None:
    assert "SENTIMENT_PROCESSORS" not in scaled.cryptoboy("secrets", "init")
    assert "SENTIMENT_PROCESSORS" not in scaled.cryptoboy("doctor", "--broker", "embedded", check=False)
    assert "SENTIMENT_PROCESSORS" not in scaled.compose("logs", "prepare")
