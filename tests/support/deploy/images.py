"""The images of deploy/images.lock, and the table of docs/server_versions.md."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scripts.pin_images import LOCK, read_lock
from services.common.settings.settings import PROJECT_ROOT

_TABLE = PROJECT_ROOT / "docs" / "server_versions.md"
_VERSION = re.compile(r"\d+(?:\.\d+)+")


@dataclass(frozen=True)
class ServerVersions:
    """A row of the table: the image that is deployed, and the versions that the tests run; None if they run none."""

    server: str
    deployed: str
    parts: str | None
    containers: str | None


def listed_images() -> dict[str, str]:
    """The images of the list by their name without the version."""
    images = read_lock((PROJECT_ROOT / LOCK).read_text())
    return {image.rpartition(":")[0]: image for image in images}


def image_named(name: str) -> str:
    """The image of this name with the version that is deployed."""
    return listed_images()[name]


def server_versions() -> list[ServerVersions]:
    """The rows of the table of versions."""
    rows = [line for line in _TABLE.read_text().splitlines() if line.startswith("| ")][1:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return [
        ServerVersions(server, deployed.strip("`"), version_in(parts), version_in(containers))
        for server, deployed, parts, containers in cells
    ]


def version_in(text: str) -> str | None:
    """The first version in a text, without what a distribution appends to it."""
    found = _VERSION.search(text)
    return found[0] if found else None
