"""Production beside a Freqtrade of somebody else: docker-compose.sidecar.yml."""

from __future__ import annotations

from typing import Any

import yaml

from services.common.settings.settings import PROJECT_ROOT
from services.operations.secrets.certificates import SERVER_NAMES
from tests.support.deploy.strict_yaml import load

PRODUCTION: dict[str, Any] = load((PROJECT_ROOT / "docker-compose.production.yml").read_text())
TEXT = (PROJECT_ROOT / "docker-compose.sidecar.yml").read_text()
SIDECAR: dict[str, Any] = load(TEXT)
PROMETHEUS = PROJECT_ROOT / "deploy" / "prometheus"


def test_our_freqtrade_does_not_run_and_its_image_is_neither_built_nor_pulled() -> None:
    bot = SIDECAR["services"]["freqtrade"]
    assert bot["deploy"] == {"replicas": 0}
    assert bot["pull_policy"] == "never"
    assert "build: !reset null" in TEXT


def test_nothing_is_published_on_the_port_of_somebodys_bot() -> None:
    assert "ports: !reset []" in TEXT
    others = {name: service for name, service in PRODUCTION["services"].items() if name != "freqtrade"}
    ports = [port for service in others.values() for port in service.get("ports", ())]
    assert len(ports) > 3
    assert not [port for port in ports if ":8080" in port]


def test_all_other_services_are_as_in_production() -> None:
    changes = SIDECAR["services"]
    assert changes.keys() == {"freqtrade", "redis", "prometheus"}
    assert changes["redis"].keys() == {"networks"}
    assert changes["prometheus"].keys() == {"volumes"}


def test_a_bot_finds_the_network_and_redis_by_names_that_its_own_project_does_not_have() -> None:
    assert SIDECAR["networks"] == {"store-read": {"name": "cryptoboy-store"}}
    (alias,) = SIDECAR["services"]["redis"]["networks"]["store-read"]["aliases"]
    assert alias not in PRODUCTION["services"]
    assert alias in SERVER_NAMES, "with TLS the certificate is for that name"


def test_prometheus_neither_scrapes_nor_misses_the_bot_that_is_not_there() -> None:
    """Nothing else differs, so that a change of one of the two files cannot be forgotten in the other."""
    ours = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    without = yaml.safe_load((PROMETHEUS / "sidecar.yml").read_text())
    dropped = {"source_labels": ["job"], "regex": "freqtrade", "action": "drop"}
    assert without["alerting"].pop("alert_relabel_configs") == [dropped]
    ours["scrape_configs"] = [each for each in ours["scrape_configs"] if each["job_name"] != "freqtrade"]
    assert without == ours
    (mount,) = SIDECAR["services"]["prometheus"]["volumes"]
    assert mount == "./deploy/prometheus/sidecar.yml:/etc/prometheus/prometheus.yml:ro"
