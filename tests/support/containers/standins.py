"""Stand-ins for the images that the project names: made of Debian's packages, laid out as the official ones.

They are for engines that reach no image registry. They are only ever built on an engine that was started for the tests.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from services.common.settings.settings import PROJECT_ROOT
from tests.support.containers import packages
from tests.support.containers.machine import ContainersNotRun
from tests.support.containers.python_tree import lay_out_python

FOLDER = Path(__file__).parent / "standins"
BASE = f"standin/debian:{packages.SUITE}"
INCLUDED = "ca-certificates,netbase,tzdata,busybox"
REPOSITORIES = {
    "python": "python",
    "redis": "redis",
    "rabbitmq": "rabbitmq",
    "prom/prometheus": "prometheus",
    "prom/alertmanager": "alertmanager",
    "ollama/ollama": "ollama",
    "grafana/grafana": "grafana",
    "caddy": "caddy",
}
"""Repository of the official image -> folder of its stand-in."""
_NAMING = ("docker-compose*.yml", "deploy/Dockerfile", "tests/support/servers/server_containers.py")
_BUILD_SECONDS = 600.0
Docker = Callable[..., str]


def images_named(root: Path = PROJECT_ROOT) -> dict[str, list[str]]:
    """Repository -> the images of it that the project names, without digests, of those that have a stand-in."""
    text = "\n".join(path.read_text() for pattern in _NAMING for path in sorted(root.glob(pattern)))
    return {
        repository: sorted(set(re.findall(rf"(?<![\w./-])({re.escape(repository)}:[\w][\w.-]*)", text)))
        for repository in REPOSITORIES
    }


def recipe() -> str:
    """What the stand-ins are made of, as a short hash: the same recipe, the same images."""
    files = [
        *sorted(path for path in FOLDER.rglob("*") if path.is_file()),
        *sorted(Path(__file__).parent.glob("*.py")),
    ]
    parts = [path.read_bytes() for path in files if path.suffix != ".py" or path.stem in _MAKERS]
    parts += [sys.version.encode(), packages.SUITE.encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


_MAKERS = ("standins", "python_tree")


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
    for repository, names in images_named().items():
        for name in names:
            docker("tag", f"standin/{REPOSITORIES[repository]}", name)


def _is_there(docker: Docker, image: str) -> bool:
    return bool(docker("images", "--quiet", image).strip())


def _make_base(docker: Docker, environ: Mapping[str, str]) -> None:
    if _is_there(docker, BASE):
        return
    kept = ("doc", "man", "info", "locale")
    options: Iterable[str] = (
        "--variant=minbase",
        f"--include={INCLUDED}",
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in kept),
        # No package starts a service while an image is built.
        r"--customize-hook=printf '#!/bin/sh\nexit 101\n' > $1/usr/sbin/policy-rc.d",
        "--customize-hook=chmod 755 $1/usr/sbin/policy-rc.d",
    )
    # The tree is made with the machine's own network, by a program of its own release.
    made = subprocess.Popen(
        [
            "mmdebstrap",
            "--quiet",
            *options,
            packages.SUITE,
            "-",
            f"deb {packages.mirror()} {packages.SUITE} main",
        ],
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    taken = subprocess.run(
        ["docker", "import", "--change", 'CMD ["bash"]', "-", BASE],
        env=dict(environ),
        stdin=made.stdout,
        capture_output=True,
        check=False,
        timeout=_BUILD_SECONDS,
    )
    said = made.communicate()[1]
    if made.returncode or taken.returncode:
        problem = (said + taken.stderr).decode(errors="replace").strip()[-600:]
        raise ContainersNotRun(f"the base of the stand-ins cannot be made: {problem}")


def _build(docker: Docker, folder: str, work: Path) -> None:
    context = work / "standins" / folder
    shutil.copytree(FOLDER / folder, context, dirs_exist_ok=True)
    if folder == "python":
        lay_out_python(context)
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
    except (AssertionError, subprocess.TimeoutExpired) as error:
        raise ContainersNotRun(f"the stand-in {folder} cannot be built: {str(error)[-600:]}") from error
