"""docs/server_versions.md has the versions of what runs in the containers."""

from __future__ import annotations

import pytest

from tests.support.containers.engine import Engine
from tests.support.deploy.images import image_named, server_versions, version_in

ASKED = {
    "rabbitmq": ("rabbitmqctl", "version"),
    "redis": ("redis-server", "--version"),
    "postgres": ("postgres", "--version"),
    "prom/prometheus": ("prometheus", "--version"),
    "prom/alertmanager": ("alertmanager", "--version"),
    "caddy": ("caddy", "version"),
    "python": ("python", "--version"),
}
"""The command that shows the version, for each image that contains the server itself also as a stand-in."""


@pytest.mark.parametrize("name", ASKED)
def test_the_table_has_the_version_that_runs(engine: Engine, name: str) -> None:
    image = image_named(name)
    program, *arguments = ASKED[name]
    shown = engine.docker("run", "--rm", "--network", "none", "--entrypoint", program, image, *arguments)
    (row,) = [row for row in server_versions() if row.deployed == image]
    # An engine of the user's may have the images themselves.
    expected = {row.containers} if engine.is_own else {row.containers, version_in(image)}
    assert any(f"{version_in(shown)}.".startswith(f"{version}.") for version in expected), shown


def test_the_servers_without_a_version_are_no_servers_but_stand_ins(engine: Engine) -> None:
    without = {row.deployed for row in server_versions() if row.containers is None and ":" in row.deployed}
    elsewhere = image_named("quay.io/opstree/redis")
    assert without == {image_named("ollama/ollama"), image_named("grafana/grafana"), elsewhere}
