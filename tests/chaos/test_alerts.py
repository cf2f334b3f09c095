"""Killing any one part raises the alert that names it, and its return ends it. Waiting times are shortened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import pytest

from services.common.services import SERVICES
from tests.support.pipeline.chaos_pipeline import make_stories
from tests.support.pipeline.plant import Plant, running_plant
from tests.support.servers.servers import RabbitServer, RedisServer, running_redis
from tests.support.servers.tcp_proxy import TcpProxy
from tests.support.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]
STORIES = tuple(replace(story, scored=True) for story in make_stories(900))
Break = Callable[[Plant, RabbitServer, RedisServer], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def store() -> Iterator[RedisServer]:
    """A Redis that is stopped in between."""
    with running_redis({}) as server:
        yield server


@pytest.fixture(scope="module")
def plant(
    rabbitmq: RabbitServer, store: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Plant]:
    """A plant whose feed has a new story every second."""
    folder = tmp_path_factory.mktemp("plant")
    with running_plant(rabbitmq, store, folder, STORIES, per_second=1.0) as running:
        yield running


def without_service(name: str) -> Break:
    @contextmanager
    def broken(plant: Plant, _rabbitmq: RabbitServer, _store: RedisServer) -> Iterator[None]:
        service = plant.pipeline.services[name]
        service.kill()
        yield
        service.start()
        service.wait_ready()

    return broken


@contextmanager
def without_rabbitmq(_plant: Plant, rabbitmq: RabbitServer, _store: RedisServer) -> Iterator[None]:
    rabbitmq.control.stop()
    yield
    rabbitmq.control.start()


@contextmanager
def without_redis(_plant: Plant, _rabbitmq: RabbitServer, store: RedisServer) -> Iterator[None]:
    store.control.stop()
    yield
    store.control.start()


@contextmanager
def without_model(plant: Plant, _rabbitmq: RabbitServer, _store: RedisServer) -> Iterator[None]:
    with _refusing(plant.model):
        yield


@contextmanager
def without_exchange(plant: Plant, _rabbitmq: RabbitServer, _store: RedisServer) -> Iterator[None]:
    with _refusing(plant.exchange):
        yield


@contextmanager
def _refusing(way: TcpProxy) -> Iterator[None]:
    way.refuse()
    yield
    way.accept()


PARTS: dict[str, tuple[Break, dict[str, str]]] = {
    **{
        name: (
            without_service(name),
            {
                "alertname": "NotifierDown" if service.is_optional else "ServiceDown",
                "job": name.replace("_", "-"),
            },
        )
        for name, service in SERVICES.items()
    },
    "rabbitmq": (without_rabbitmq, {"alertname": "RabbitMQDown", "job": "rabbitmq"}),
    "redis": (without_redis, {"alertname": "RedisAway", "service": "signal_cacher"}),
    "model": (without_model, {"alertname": "ScorerAway", "service": "sentiment_processor"}),
    "exchange": (without_exchange, {"alertname": "DependencyDown", "dependency": "exchange"}),
}


FOLLOWS = {"rabbitmq": ("BrokerAway",)}
"""What a broken part brings about, so that nobody need be told."""


def told(plant: Plant, name: str) -> set[str]:
    """Whether an alert of this name was told or suppressed, as Alertmanager has it."""
    states = (alert for alert in plant.monitoring.received() if alert["labels"]["alertname"] == name)
    return {str(alert["status"]["state"]) for alert in states}


def fires(plant: Plant, labels: dict[str, str]) -> bool:
    return any(labels.items() <= alert["labels"].items() for alert in plant.monitoring.firing())


@pytest.mark.parametrize("part", PARTS)
def test_the_alert_that_names_it_comes_and_goes(
    part: str, plant: Plant, rabbitmq: RabbitServer, store: RedisServer
) -> None:
    breaking, labels = PARTS[part]
    eventually(lambda: not fires(plant, labels), lambda: f"all is well: {plant.monitoring.ask('alerts')}")
    with breaking(plant, rabbitmq, store):
        eventually(lambda: fires(plant, labels), lambda: f"{labels}: {plant.monitoring.ask('alerts')}")
        for follows in FOLLOWS.get(part, ()):
            eventually(
                lambda name=follows: told(plant, name) == {"suppressed"},  # type: ignore[misc]  # a default binds it
                lambda: f"what follows is not told as well: {plant.monitoring.received()}",
            )
        assert "suppressed" not in told(plant, labels["alertname"])
    eventually(lambda: not fires(plant, labels), lambda: f"an end of {labels}: {plant.pipeline.tails()}")
