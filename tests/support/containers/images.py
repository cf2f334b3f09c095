"""Stand-ins for the images that the project names: made of Debian's packages, laid out as the official ones.

They are for engines that reach no image registry. They are only ever built on an engine that was started for the tests.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.containers import packages, python_tree
from tests.support.containers.engine import CommandError
from tests.support.containers.machine import ContainersNotRun
from tests.support.deploy.images import image_named

FOLDER = Path(__file__).parent / "standins"
BASE = f"standin/debian:{packages.SUITE}"
_BASE_OPTIONS = (
    "--variant=minbase",
    "--include=ca-certificates,netbase,tzdata,busybox",
    *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "info", "locale")),
    # No package starts a service while an image is built.
    r"--customize-hook=printf '#!/bin/sh\nexit 101\n' > $1/usr/sbin/policy-rc.d",
    "--customize-hook=chmod 755 $1/usr/sbin/policy-rc.d",
)
REPOSITORIES = {
    "python": "python",
    "redis": "redis",
    "postgres": "postgres",
    "rabbitmq": "rabbitmq",
    "prom/prometheus": "prometheus",
    "prom/alertmanager": "alertmanager",
    "ollama/ollama": "ollama",
    "grafana/grafana": "grafana",
    "caddy": "caddy",
}
"""Repository of the official image -> folder of its stand-in."""
_BUILD_SECONDS = 600.0
Docker = Callable[..., str]


def recipe() -> str:
    """A short hash of what the stand-ins are made of: the same recipe, the same images."""
    files = sorted(path for path in FOLDER.rglob("*") if path.is_file())
    parts = [path.read_bytes() for path in [*files, Path(python_tree.__file__)]]
    parts.append(repr((_BASE_OPTIONS, packages.SUITE, sys.version)).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def build_standins(
    docker: Docker, environ: Mapping[str, str], work: Path, say: Callable[[str], None]
) -> None:
    """Build what is missing, all at once, and give each the names that the project uses.

    Raises:
        ContainersNotRun: a package or a registry cannot be had.
    """
    missing = [folder for folder in REPOSITORIES.values() if not _is_there(docker, f"standin/{folder}")]
    if missing:
        began = time.monotonic()
        _make_base(docker, environ)
        say(f"the base of the stand-ins is made ({time.monotonic() - began:.0f} s)")
        with ThreadPoolExecutor(len(missing)) as pool:
            for _ in pool.map(lambda folder: _build(docker, folder, work), missing):
                pass
        say(f"the stand-ins are built ({time.monotonic() - began:.0f} s)")
    for repository, folder in REPOSITORIES.items():
        docker("tag", f"standin/{folder}", image_named(repository))


def _is_there(docker: Docker, image: str) -> bool:
    return bool(docker("images", "--quiet", image).strip())


def _make_base(docker: Docker, environ: Mapping[str, str]) -> None:
    if _is_there(docker, BASE):
        return
    # The tree is made with the machine's own network, by a program of its own release.
    made = subprocess.Popen(
        [
            "mmdebstrap",
            "--quiet",
            *_BASE_OPTIONS,
            packages.SUITE,
            "-",
            f"deb {packages.mirror()} {packages.SUITE} main",
        ],
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        taken = subprocess.run(
            ["docker", "import", "--change", 'CMD ["bash"]', "-", BASE],
            env=dict(environ),
            stdin=made.stdout,
            capture_output=True,
            check=False,
            timeout=_BUILD_SECONDS,
        )
    except subprocess.TimeoutExpired as slow:
        made.kill()
        made.communicate()
        raise ContainersNotRun(
            f"the base of the stand-ins is not made after {_BUILD_SECONDS:.0f} s"
        ) from slow
    said = made.communicate()[1]
    if made.returncode or taken.returncode:
        problem = (said + taken.stderr).decode(errors="replace").strip()[-600:]
        raise ContainersNotRun(f"the base of the stand-ins cannot be made: {problem}")


def _build(docker: Docker, folder: str, work: Path) -> None:
    context = work / "standins" / folder
    shutil.copytree(FOLDER / folder, context, dirs_exist_ok=True)
    if folder == "python":
        python_tree.lay_out_python(context)
    file = context / "Containerfile"
    try:
        docker(
            "build",
            "--quiet",
            "--file",
            str(file),
            "--tag",
            f"standin/{folder}",
            str(context),
            seconds=_BUILD_SECONDS,
        )
    except (CommandError, subprocess.TimeoutExpired) as error:
        raise ContainersNotRun(f"the stand-in {folder} cannot be built: {str(error)[-600:]}") from error
