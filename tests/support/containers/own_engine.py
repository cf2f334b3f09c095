"""An engine that is started here, in namespaces of its own, and ended with the tests."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

from tests.support.containers.cache import cache_folder, data_folder, locked
from tests.support.containers.engine import CommandError, Engine, said
from tests.support.containers.images import build_standins, recipe
from tests.support.containers.machine import SYSTEM_PATH, ContainersNotRun, check_machine, install_tools
from tests.support.containers.namespace import RESOLVER, Namespace, waited_for
from tests.support.containers.packages import unpacked

_START_SECONDS = 120.0
_ANSWER_SECONDS = 10.0
_STOP_SECONDS = 120.0
_REMOVE_SECONDS = 60.0


class OwnEngine(Engine):
    """An engine in namespaces of its own. Use as a context manager.

    Attributes:
        tini: the program that is the first process of the namespaces.
    """

    def __init__(self, namespace: Namespace, folder: Path, data: Path, programs: Path) -> None:
        self._folder = folder
        self.tini = tini_of(programs)
        self._config = folder / "daemon.json"
        self._config.write_text(json.dumps(self._settings(data)))
        plugins = folder / "config" / "cli-plugins"
        plugins.mkdir(parents=True)
        for plugin in (programs / "usr/libexec/docker/cli-plugins").iterdir():
            (plugins / plugin.name).symlink_to(plugin)
        environ = {
            "DOCKER_HOST": f"unix://{folder}/docker.sock",
            "DOCKER_CONFIG": str(folder / "config"),
            "PATH": f"{programs}/usr/sbin:{programs}/usr/bin:{os.environ.get('PATH', SYSTEM_PATH)}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "TESTCONTAINERS_RYUK_DISABLED": "true",  # its image cannot be had, and this engine ends anyway
        }
        super().__init__(environ, namespace)
        self._own_namespace = namespace
        self._daemon: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        # What remains here ends with the namespaces.
        try:
            self._remove_containers()
            self.stop()
        except (CommandError, OSError, subprocess.SubprocessError):
            pass

    def start(self) -> None:
        """Start the daemon and wait until it answers. Containers whose policy says so are started again.

        Raises:
            ContainersNotRun: it does not start.
        """
        (self._folder / "docker.pid").unlink(missing_ok=True)
        with (self._folder / "dockerd.log").open("ab") as log:
            self._daemon = subprocess.Popen(
                self._own_namespace.command("dockerd", "--config-file", str(self._config)),
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            waited_for(self._answers, "an engine", self._has_ended, _START_SECONDS)
        except ContainersNotRun as problem:
            raise ContainersNotRun(f"{problem}: {self.log()[-1500:]}") from problem

    def stop(self) -> None:
        """End the daemon as a restart of its service does: the containers stop, and `start` starts them again."""
        assert self._daemon is not None
        pid = int((self._folder / "docker.pid").read_text())
        self._own_namespace.signal(pid, signal.SIGTERM)
        self._daemon.wait(timeout=_STOP_SECONDS)

    def on_the_host(self, *command: str) -> str:
        """What a command in the network of the host prints."""
        return said(self._own_namespace.command_outside(*command), self.environ)

    def log(self) -> str:
        """What the daemon has written."""
        return (self._folder / "dockerd.log").read_text(errors="replace")

    def remove_leftovers(self) -> None:
        """Remove containers, volumes and networks of a former run; images and the build cache stay."""
        self._remove_containers()
        self.docker("volume", "prune", "--all", "--force")
        self.docker("network", "prune", "--force")
        self.docker("image", "prune", "--force")
        self.docker("builder", "prune", "--force", "--keep-storage", "6GB")

    def _remove_containers(self) -> None:
        containers = self.docker("ps", "--all", "--quiet", seconds=_REMOVE_SECONDS).split()
        if containers:
            self.docker("rm", "--force", "--volumes", *containers, seconds=_REMOVE_SECONDS)

    def _answers(self) -> bool:
        try:
            self.docker("version", seconds=_ANSWER_SECONDS)
        except (CommandError, subprocess.TimeoutExpired):  # it listens before it has loaded its containers
            return False
        return True

    def _has_ended(self) -> bool:
        return self._daemon is None or self._daemon.poll() is not None

    def _settings(self, data: Path) -> dict[str, Any]:
        return {
            "data-root": str(data),
            "exec-root": str(self._folder / "exec"),
            "pidfile": str(self._folder / "docker.pid"),
            "hosts": [f"unix://{self._folder}/docker.sock"],
            "bip": "10.231.0.1/24",
            "default-address-pools": [{"base": "10.232.0.0/14", "size": 24}],
            "dns": [RESOLVER],
            # Root of a container may not raise limits here, as it may where the engine is a service of the system.
            "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 20000, "Hard": 20000}},
        }


def tini_of(programs: Path) -> Path:
    """The one without libraries: those of the machine may be older than the package."""
    return programs / "usr/bin/tini-static"


@contextmanager
def started_engine(say: Callable[[str], None]) -> Iterator[OwnEngine]:
    """An engine that is started here, with the stand-ins of all images.

    Raises:
        ContainersNotRun: the machine cannot do it, or packages cannot be had.
    """
    check_machine()
    install_tools()
    with ExitStack() as stack:
        cache = stack.enter_context(locked(cache_folder(), say))
        programs = unpacked(cache)
        folder = cache / "run"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        namespace = stack.enter_context(Namespace(tini_of(programs), folder))
        data = data_folder(cache, recipe())
        engine = stack.enter_context(OwnEngine(namespace, folder, data, programs))
        engine.remove_leftovers()
        say("the engine answers")
        with engine.online():
            build_standins(engine.docker, engine.environ, folder, say)
        namespace.enter()
        yield engine
