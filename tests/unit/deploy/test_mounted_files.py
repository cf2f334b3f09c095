"""A server is recreated when a file changes that it reads: Compose looks at its labels, and not into the files.

Only what Grafana reads again by itself, its dashboards, is left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.common.settings.settings import PROJECT_ROOT
from tests.support.deploy.strict_yaml import load

LABEL = "cryptoboy.files"
READ_AGAIN = "./deploy/grafana/dashboards"
FILES = ("docker-compose.production.yml", "docker-compose.tls.yml")
SERVERS = {
    (file, name): service
    for file in FILES
    for name, service in load((PROJECT_ROOT / file).read_text())["services"].items()
    if service.get("restart") != "no"
    and any(str(mount).startswith("./deploy/") for mount in service.get("volumes", ()))
}


def mounted(service: dict[str, Any]) -> Iterator[Path]:
    for mount in service["volumes"]:
        source = str(mount).partition(":")[0]
        if source.startswith("./deploy/") and source != READ_AGAIN:
            path = PROJECT_ROOT / source
            yield from sorted(
                each for each in (path.rglob("*") if path.is_dir() else [path]) if each.is_file()
            )


def checksum(service: dict[str, Any]) -> str:
    digest = hashlib.sha256()
    for path in mounted(service):
        digest.update(str(path.relative_to(PROJECT_ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def test_every_server_with_files_of_ours_is_looked_at() -> None:
    assert {name for _, name in SERVERS} == {
        *("rabbitmq", "redis", "prometheus", "alertmanager", "grafana", "proxy", "api-proxy"),
        "notifier",
    }


@pytest.mark.parametrize(("file", "name"), SERVERS, ids=["/".join(key) for key in SERVERS])
def test_the_label_of_a_server_is_the_checksum_of_its_files(file: str, name: str) -> None:
    label = LABEL if file == FILES[0] else f"{LABEL}.tls"
    wanted = checksum(SERVERS[file, name])
    assert SERVERS[file, name]["labels"][label] == wanted, f"write {label}: {wanted} at {name} in {file}"
