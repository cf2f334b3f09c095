"""An engine of the user's, which is refused where the tests would remove something of his."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

from tests.support.containers.engine import CommandError, Engine
from tests.support.containers.machine import SYSTEM_PATH, ContainersNotRun

NAMED = "CRYPTOBOY_TEST_DOCKER_HOST"
PROJECTS = ("trading", "cryptoboy-development")
"""The names of the projects in the Compose files: tests end in removing all that belongs to them, volumes included."""
_LABEL = "label=com.docker.compose.project"


def named_engine(address: str, environ: Mapping[str, str] = os.environ) -> Engine:
    """The engine of the user's at this address, with the images that it has or can pull.

    Raises:
        ContainersNotRun: it does not answer, or holds something of a system that these tests would remove.
    """
    kept = {
        name: environ[name]
        for name in ("DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY")
        if name in environ
    }
    base = {"PATH": environ.get("PATH", SYSTEM_PATH), "HOME": environ.get("HOME", "/"), "LANG": "C.UTF-8"}
    engine = Engine({**base, **kept, "DOCKER_HOST": address})
    try:
        engine.docker("version", seconds=20)
        found = holdings(engine)
    except (CommandError, OSError, subprocess.TimeoutExpired) as error:
        last = str(error).strip().splitlines()[-1]
        raise ContainersNotRun(f"{NAMED}={address} cannot be used: {last}") from error
    if found:
        raise ContainersNotRun(
            f"the engine at {NAMED}={address} has a system of ours, which these tests would remove with its volumes: "
            f"{', '.join(found)}"
        )
    return engine


def holdings(engine: Engine) -> list[str]:
    """Containers, volumes and networks of our projects on this engine, by their label or their name."""
    found = []
    for project in PROJECTS:
        for kind, listed in (
            ("container", ("ps", "--all", "--format", "{{.Names}}")),
            ("volume", ("volume", "ls", "--format", "{{.Name}}")),
            ("network", ("network", "ls", "--format", "{{.Name}}")),
        ):
            labelled = engine.docker(*listed, "--filter", f"{_LABEL}={project}").split()
            named = [
                name
                for name in engine.docker(*listed).split()
                if name.startswith((f"{project}_", f"{project}-"))
            ]
            found += [f"{kind} {name}" for name in sorted({*labelled, *named})]
    return found
