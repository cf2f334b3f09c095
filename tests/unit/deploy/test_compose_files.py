from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from services.cli.packages import SERVER_PROGRAMS
from services.common.settings import PROJECT_ROOT, Settings

PRODUCTION: dict[str, Any] = yaml.safe_load((PROJECT_ROOT / "docker-compose.production.yml").read_text())
DEVELOPMENT: dict[str, Any] = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text())
CONTAINER_NAMES = {
    "rabbitmq": "trading-rabbitmq",
    "redis": "trading-redis-prod",
    "ollama": "trading-bot-ollama-prod",
    "market-streamer": "trading-market-streamer",
    "news-poller": "trading-news-poller",
    "signal-cacher": "trading-signal-cacher",
}


def test_the_project_and_its_containers_have_the_names_of_the_specification() -> None:
    assert PRODUCTION["name"] == "trading"
    for service, name in CONTAINER_NAMES.items():
        assert PRODUCTION["services"][service]["container_name"] == name


def test_the_sentiment_processor_has_no_fixed_name_so_that_it_can_be_scaled() -> None:
    processor = PRODUCTION["services"]["sentiment-processor"]
    assert "container_name" not in processor
    assert "ports" not in processor


@pytest.mark.parametrize("file", [PRODUCTION, DEVELOPMENT])
def test_no_port_is_published_beyond_loopback(file: dict[str, Any]) -> None:
    ports = [port for service in file["services"].values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("name", ["RABBITMQ_USER", "RABBITMQ_PASS", "REDIS_PASSWORD", "FREQTRADE_API_PASS"])
def test_production_refuses_to_start_without_credentials(name: str) -> None:
    text = (PROJECT_ROOT / "docker-compose.production.yml").read_text()
    uses = re.findall(r"\$\{" + name + r"([^}]*)\}", text)
    assert uses
    assert all(use.startswith(":?set " + name) for use in uses)
    assert "cryptoboy123" not in text


def test_every_variable_given_to_our_services_is_one_that_they_know() -> None:
    known = {name.upper() for name in Settings.model_fields}
    for name, service in PRODUCTION["services"].items():
        if service.get("image", "").startswith("cryptoboy:"):
            assert set(service["environment"]) <= known, name


def test_every_service_is_started_by_a_module_that_exists() -> None:
    for name in ("market-streamer", "news-poller", "sentiment-processor", "signal-cacher"):
        python, option, module = PRODUCTION["services"][name]["command"]
        assert (python, option) == ("python", "-m")
        assert (PROJECT_ROOT / (module.replace(".", "/") + ".py")).is_file()


def test_images_are_pinned_to_a_version() -> None:
    images = [service["image"] for service in PRODUCTION["services"].values()]
    assert all(":" in image and not image.endswith(":latest") for image in images)


def test_the_servers_of_the_tests_are_those_of_production() -> None:
    assert {program.removesuffix("-server") for program in SERVER_PROGRAMS} <= PRODUCTION["services"].keys()
