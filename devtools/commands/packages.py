"""Installs the Python packages and the server programs that only the tests need."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from devtools.servers.postgresql import found_programs
from services.cli.bootstrap.advice import InstallError
from services.cli.bootstrap.environment import Environment
from services.cli.bootstrap.installers import installer_environment
from services.cli.bootstrap.sources import only_wheels
from services.cli.bootstrap.stamps import Stamps
from services.cli.support.answers import say
from services.common.errors import StopProgram
from services.common.settings.settings import PROJECT_ROOT

TOOLS_LOCK = PROJECT_ROOT / "requirements/bootstrap.lock"
SERVER_PROGRAMS = {"rabbitmq-server": "/usr/sbin/rabbitmq-server", "redis-server": "/usr/bin/redis-server"}
TOOL_PROGRAMS = {
    "prometheus": ("prometheus", "promtool"),
    "prometheus-alertmanager": ("prometheus-alertmanager", "amtool"),
    "chromium": ("chromium",),
    "postgresql": ("postgres",),
}
_POLICY_FILE = Path("/usr/sbin/policy-rc.d")


def install_test_packages() -> None:
    """Install the test tools and the small model if their lock files have changed since the last installation."""
    folder = Path(sys.prefix)
    stamps = Stamps(PROJECT_ROOT, folder)
    for name, options in (("dev", ()), ("llm", ("--no-deps",))):
        if stamps.is_installed(name):
            continue
        say(f"installing {name}.lock (first use, or it changed)")
        is_doubtful = stamps.any_begun()
        try:
            with stamps.installing(name):
                if is_doubtful:
                    with Environment(PROJECT_ROOT, folder, name).lock_of_lacking() as lacking:
                        _install(lacking, ("--no-deps",), again=True)
                else:
                    _install(PROJECT_ROOT / "requirements" / f"{name}.lock", options)
        except InstallError as error:
            raise StopProgram(str(error)) from None


def _install(lock: Path, options: tuple[str, ...], *, again: bool = False) -> None:
    arguments = (*only_wheels(lock), "--require-hashes", *options, "-r", str(lock))
    fast = [
        str(Path(sys.prefix) / "bin" / "uv"),
        "pip",
        "install",
        "--quiet",
        "--python",
        sys.executable,
        "--build-constraints",
        str(TOOLS_LOCK),
        *(["--reinstall"] if again else []),
        *arguments,
    ]
    build = ("--no-build-isolation", "--use-pep517")  # builds use the tools that TOOLS_LOCK pins
    forced = ["--force-reinstall"] if again else []
    slow = [sys.executable, "-m", "pip", "install", "--quiet", *build, *forced, *arguments]
    environ = installer_environment(os.environ)
    for command in (fast, slow):
        if shutil.which(command[0]) and subprocess.run(command, check=False, env=environ).returncode == 0:  # noqa: S603 - ours
            return
    raise InstallError(
        "the packages of the tests could not be installed; the lines above say why. Then run this again."
    )


def install_test_servers() -> None:
    """Make sure that the tests have a RabbitMQ, a Redis, a PostgreSQL, a Prometheus and a Chromium.

    RabbitMQ and Redis are looked for in this order: addresses in the environment, a container engine, programs on
    this machine. The others must be programs on this machine: the tools of Prometheus and Alertmanager check the
    deployed files, Chromium shows the page, and of PostgreSQL the tests start a private server. Missing programs are
    installed without starting services, if this process is root on Debian or Ubuntu.

    Raises:
        StopProgram: a program is missing and cannot be installed; the message says what to do.
    """
    servers, tools = missing_servers(), missing_tools()
    if not servers and not tools:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise StopProgram(how_to_install(servers, tools))
    _apt_install([*servers, *tools])


def missing_servers() -> list[str]:
    """The packages of the servers for which there is no address, no container engine and no program."""
    missing = [
        package
        for package, program in SERVER_PROGRAMS.items()
        if not _named_in_environment(package) and not shutil.which(package) and not Path(program).is_file()
    ]
    return [] if not missing or _container_engine_answers() else missing


def missing_tools() -> list[str]:
    """The packages of tools of which at least one program is missing on this machine."""
    return [package for package, programs in TOOL_PROGRAMS.items() if not all(map(_is_here, programs))]


def _is_here(program: str) -> bool:
    return bool(found_programs() if program == "postgres" else shutil.which(program))


def how_to_install(servers: Sequence[str], tools: Sequence[str]) -> str:
    """The message for a user who has no permission to install these missing packages."""
    packages = [*servers, *tools]
    text = (
        f"the tests need programs that are not here: {', '.join(packages)}. "
        f"Install them (Debian, Ubuntu: sudo apt-get install {' '.join(packages)})"
    )
    if servers:
        text += (
            f". Instead of {' and '.join(servers)} any one of these helps: start Docker; or name running ones in "
            "TEST_RABBITMQ_URL=amqp://user:password@host:port/vhost and TEST_REDIS_URL=redis://host:port"
        )
    if tools:
        programs = [program for package in tools for program in TOOL_PROGRAMS[package]]
        text += f". Of {' and '.join(tools)} the programs {', '.join(programs)} must be on PATH"
    return text + "."


def _named_in_environment(package: str) -> bool:
    return bool(
        os.environ.get({"rabbitmq-server": "TEST_RABBITMQ_URL", "redis-server": "TEST_REDIS_URL"}[package])
    )


def _container_engine_answers() -> bool:
    if not shutil.which("docker"):
        return False
    try:
        asked = subprocess.run(
            ["docker", "info"],  # noqa: S607 - wherever it is installed
            check=False, capture_output=True, timeout=10,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


def _apt_install(packages: Sequence[str]) -> None:
    say(f"installing {', '.join(packages)} for the tests, without starting them")
    suppress = not _POLICY_FILE.exists()
    if suppress:
        _POLICY_FILE.write_text("#!/bin/sh\nexit 101\n")
        _POLICY_FILE.chmod(0o755)
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    try:
        subprocess.run(["apt-get", "update", "-q"], check=False, env=environ, stdout=sys.stderr)  # noqa: S607 - Debian's
        done = subprocess.run(install, check=False, env=environ, stdout=sys.stderr)  # noqa: S603 - names of our own
    finally:
        if suppress:
            _POLICY_FILE.unlink()
    if done.returncode:
        raise StopProgram(f"apt-get could not install {' '.join(packages)}; the lines above say why")
