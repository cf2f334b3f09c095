"""Docker Engine, Compose and Buildx from Debian's packages, unpacked into a folder and not installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.support.containers.machine import obtain

SUITE = "trixie"
PACKAGES = ("docker.io", "docker-cli", "docker-compose", "docker-buildx", "containerd", "tini")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def mirror(environ: Mapping[str, str] = os.environ) -> str:
    """The Debian mirror that this machine is set up with.

    Raises:
        ContainersNotRun: apt-get cannot say.
    """
    sites = obtain(["apt-get", "indextargets", "--format", "$(SITE)"], environ).splitlines()
    debian = [site for site in sites if site.rstrip("/").endswith("/debian")]
    return debian[0] if debian else "http://deb.debian.org/debian"


def unpacked(cache: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The root of a tree with the engine's programs; downloaded into the cache where it is not there yet.

    Raises:
        ContainersNotRun: the packages cannot be had.
    """
    root = cache / f"packages-{SUITE}"
    if root.exists():
        return root
    work = cache / "packages-unfinished"
    shutil.rmtree(work, ignore_errors=True)
    for folder in ("lists/partial", "cache/archives/partial", "debs", "root"):
        (work / folder).mkdir(parents=True)
    (work / "status").touch()
    (work / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror(environ)} {SUITE} main\n")
    apt = ["apt-get", "-qq"]
    for option in (
        f"Dir::Etc::sourcelist={work}/sources.list",
        "Dir::Etc::sourceparts=/dev/null",
        f"Dir::State::lists={work}/lists",
        f"Dir::State::status={work}/status",
        f"Dir::Cache={work}/cache",
        "APT::Sandbox::User=root",
    ):
        apt += ["-o", option]
    obtain([*apt, "update"], environ)
    obtain([*apt, "download", *PACKAGES], environ, work / "debs")
    for package in sorted((work / "debs").glob("*.deb")):
        obtain(["dpkg-deb", "-x", str(package), str(work / "root")], environ)
    (work / "root").rename(root)
    shutil.rmtree(work)
    return root
