"""The state of the services, from real health servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from services.common.runtime.health import DependencyHealth, HealthServer
from services.common.services import SERVICES
from services.common.settings.settings import Settings
from services.operations.health import read_health, service_health

NOW = datetime(2026, 11, 29, tzinfo=UTC)
AWAY = "127.0.0.1:1"


@pytest.fixture
def poller() -> Iterator[HealthServer]:
    parts = {"broker": DependencyHealth(ok=False, detail="RabbitMQ is away")}
    with closing(HealthServer("news_poller", "127.0.0.1", 0, lambda: parts)) as server:
        server.ready.set()
        yield server


def settings_with(**addresses: str) -> Settings:
    named = {**dict.fromkeys(SERVICES, AWAY), **addresses}
    return Settings.load({"API_SERVICES": ",".join(f"{name}={address}" for name, address in named.items())})


def test_a_service_that_is_down_says_why_and_others_are_away(poller: HealthServer) -> None:
    found = read_health(settings_with(news_poller=f"127.0.0.1:{poller.port}"), NOW)
    by_name = {each.service: each for each in found.services}
    assert by_name.keys() == SERVICES.keys()
    assert by_name["news_poller"].status == "down"
    assert [(part.name, part.detail) for part in by_name["news_poller"].parts] == [
        ("broker", "RabbitMQ is away")
    ]
    assert {each.status for name, each in by_name.items() if name != "news_poller"} == {"away"}
    assert found.status == "degraded"
    assert found.as_json()["asked"] == "2026-11-29T00:00:00+00:00"


def test_another_service_on_its_port_is_not_taken_for_it(poller: HealthServer) -> None:
    found = read_health(settings_with(signal_cacher=f"127.0.0.1:{poller.port}"), NOW)
    assert {each.status for each in found.services} == {"away"}
    assert found.status == "down"


@pytest.mark.parametrize("body", [{}, {"service": "x"}, {"service": "news_poller"}])
def test_an_answer_of_another_form_is_none(body: dict[str, object]) -> None:
    with pytest.raises((KeyError, ValueError)):
        service_health("news_poller", body)
