"""In every way of deploying, a service is given the secrets that the registry lists for it, and no others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from services.common.services import SERVICES, Deployment, deployed_by
from services.common.settings.names import SUFFIX
from services.common.settings.report import is_secret
from services.common.settings.settings import PROJECT_ROOT, Settings
from tests.support.deploy.kubernetes_files import FOLDER as KUBERNETES
from tests.support.deploy.kubernetes_files import OURS, container, one
from tests.support.deploy.program_secrets import SECRETS_OF_FREQTRADE
from tests.support.deploy.strict_yaml import load

SECRETS = frozenset(name for name, info in Settings.model_fields.items() if is_secret(info))
ALLOWED = {service.container: service.secrets & SECRETS for service in SERVICES.values()} | {
    "freqtrade": SECRETS_OF_FREQTRADE,
    "operator": frozenset({"rabbitmq_pass", "redis_password"}),
}
COMPOSE = sorted(path.name for path in PROJECT_ROOT.glob("docker-compose*.yml"))
UNITS = sorted((PROJECT_ROOT / "deploy" / "systemd").glob("*.service"))


def secrets_among(variables: Iterable[str]) -> set[str]:
    """The settings that are secret, of which variables are given, as they are or as files."""
    return {name.removesuffix(SUFFIX).lower() for name in variables} & SECRETS


@pytest.mark.parametrize("file", COMPOSE)
def test_a_container_is_given_the_secrets_of_the_registry(file: str) -> None:
    text = (PROJECT_ROOT / file).read_text()
    content: dict[str, Any] = load(text.replace("!reset null", "null"))
    for name, service in content["services"].items():
        given = secrets_among(service.get("environment", ()))
        assert given <= ALLOWED.get(name, frozenset()), name


def test_the_files_of_compose_hold_what_is_looked_at() -> None:
    production: dict[str, Any] = load((PROJECT_ROOT / "docker-compose.production.yml").read_text())
    named_there = {*(each.container for each in deployed_by(Deployment.COMPOSE)), "freqtrade", "operator"}
    for name in named_there:
        assert secrets_among(production["services"][name]["environment"]) == ALLOWED[name], name
        service = production["services"][name]
        named = {
            str(value).removeprefix("/run/secrets/")
            for variable, value in service["environment"].items()
            if secrets_among([variable]) and variable.endswith(SUFFIX)
        }
        assert set(service["secrets"]) == named, name


@pytest.mark.parametrize(("target", "name"), OURS)
def test_a_pod_is_given_the_secrets_of_the_registry(target: str, name: str) -> None:
    given = secrets_among(each["name"] for each in container(target, name)["env"])
    assert given
    assert given <= ALLOWED[name]
    assert secrets_among(one(target, "ConfigMap", "settings")["data"]) == set()


@pytest.mark.parametrize("component", sorted(KUBERNETES.glob("components/*/kustomization.yaml")), ids=str)
def test_a_component_gives_a_pod_no_secret_of_another(component: Any) -> None:
    for patch in load(component.read_text()).get("patches", ()):
        changes = load(patch["patch"]) if "patch" in patch else []
        given = {
            each["value"]["name"]
            for each in changes
            if isinstance(each, dict) and isinstance(each.get("value"), dict) and "name" in each["value"]
        }
        assert secrets_among(given) <= ALLOWED.get(patch["target"]["name"], frozenset()), component


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_is_given_the_secrets_of_the_registry(unit: Any) -> None:
    name = unit.name.removeprefix("cryptoboy-").removesuffix(".service").rstrip("@")
    lines = unit.read_text().splitlines()
    words = [
        word for line in lines if line.startswith("Environment=") for word in line.partition("=")[2].split()
    ]
    given = secrets_among(word.partition("=")[0] for word in words)
    assert given
    assert given <= ALLOWED[name]


def test_the_settings_that_all_units_share_hold_no_secret() -> None:
    lines = (PROJECT_ROOT / "deploy" / "systemd" / "cryptoboy.env").read_text().splitlines()
    assert secrets_among(line.lstrip("#").partition("=")[0] for line in lines) == set()
