"""What each container may do and what it uses at rest. Leaves production as it was."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.support.containers.stack import SERVICES, Stack

UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
MOST_AT_REST = 0.7
"""Of its memory limit; the alert MemoryHigh comes at 0.8."""
each_service = pytest.mark.parametrize("service", SERVICES)


@pytest.fixture(scope="module")
def containers(production: Stack) -> dict[str, dict[str, Any]]:
    """Service -> what `docker inspect` says of its container."""
    return production.running()


@pytest.fixture(scope="module")
def used(production: Stack) -> dict[str, int]:
    """Container -> bytes of memory that it uses, without the cache of files."""
    listed = production.engine.docker("stats", "--no-stream", "--format", "json").splitlines()
    return {each["Name"]: in_bytes(each["MemUsage"].split(" / ")[0]) for each in map(json.loads, listed)}


def in_bytes(text: str) -> int:
    number = re.match(r"[\d.]+", text)
    assert number is not None
    return int(float(number[0]) * UNITS[text[number.end() :]])


@each_service
def test_memory_at_rest_leaves_room_below_the_limit(
    service: str, containers: dict[str, dict[str, Any]], used: dict[str, int]
) -> None:
    limit = containers[service]["HostConfig"]["Memory"]
    assert limit > 0
    assert used[containers[service]["Name"].lstrip("/")] < MOST_AT_REST * limit


@each_service
def test_the_first_process_is_not_root_and_can_gain_nothing(
    service: str, containers: dict[str, dict[str, Any]], production: Stack
) -> None:
    status = production.exec(containers[service]["Name"].lstrip("/"), "cat", "/proc/1/status")
    lines = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert lines["Uid"].split()[0] != "0"
    assert {lines[f"Cap{kind}"] for kind in ("Prm", "Eff", "Bnd")} == {"0" * 16}
    assert lines["NoNewPrivs"] == "1"


@each_service
def test_nothing_can_be_written_but_what_is_mounted(
    service: str, production: Stack, containers: dict[str, Any]
) -> None:
    name = containers[service]["Name"].lstrip("/")
    assert (
        production.exec(name, "sh", "-c", "touch /tmp/written && rm /tmp/written && echo there").strip()
        == "there"
    )
    assert "Read-only file system" in production.exec(name, "touch", "/etc/written", check=False)


def test_no_secret_stands_in_an_environment_or_a_command_line(
    production: Stack, containers: dict[str, dict[str, Any]]
) -> None:
    secrets = {
        file.name: file.read_text().strip()
        for file in (production.folder / "secrets").iterdir()
        if not file.name.startswith("alert_") and file.read_text().strip()
    }
    assert len(secrets) >= 10
    shown = {name: json.dumps(each["Config"]) for name, each in containers.items()}
    for name in shown:
        shown[name] += production.exec(
            containers[name]["Name"].lstrip("/"), "sh", "-c", "cat /proc/[0-9]*/cmdline", check=False
        )
    found = {
        (service, name)
        for service, text in shown.items()
        for name, secret in secrets.items()
        if secret in text
    }
    assert found == set()
