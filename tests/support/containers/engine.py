"""A Docker engine to test with, and the commands that are run on it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

from tests.support.containers.namespace import Namespace

WORLD_IMAGE = "cryptoboy-test-world"
_COMMAND_SECONDS = 300.0


class CommandError(AssertionError):
    """A command ended with another status than 0; the message is what it printed."""


class Engine:
    """A Docker engine that answers.

    Attributes:
        environ: the whole environment for programs that use it; nothing of the developer's but where the engine is.
        is_own: it was started here, and its images are stand-ins.
    """

    def __init__(self, environ: Mapping[str, str], namespace: Namespace | None = None) -> None:
        self.environ = dict(environ)
        self.is_own = namespace is not None
        self._namespace = namespace

    def docker(
        self, *arguments: str, check: bool = True, seconds: float = _COMMAND_SECONDS, stdin: str | None = None
    ) -> str:
        """What `docker` with these arguments prints; see `said`."""
        return said(["docker", *arguments], self.environ, check=check, seconds=seconds, stdin=stdin)

    def kill_first_process(self, container: str) -> None:
        """End a container as a crash does; `docker kill` would count as the wish to stop it."""
        pid = int(self.docker("inspect", "--format", "{{.State.Pid}}", container))
        if self._namespace is None:
            # The number is one of the engine's machine, where it may be another process than here.
            program = ["--entrypoint", "python", WORLD_IMAGE, "-c", f"import os; os.kill({pid}, 9)"]
            self.docker("run", "--rm", "--pid=host", "--user=0", "--network=none", *program)
        else:
            self._namespace.signal(pid, signal.SIGKILL)

    def command_on_the_host(self, *command: str) -> list[str]:
        """The command as it is run in the host's network, where packages can be had."""
        return self._namespace.command_outside(*command) if self._namespace else list(command)

    @contextmanager
    def online(self) -> Iterator[None]:
        """A way out for the block, to build images; an engine of the user's keeps what it has."""
        with self._namespace.online() if self._namespace else nullcontext():
            yield


def said(
    command: list[str],
    environ: Mapping[str, str],
    *,
    check: bool = True,
    seconds: float = _COMMAND_SECONDS,
    stdin: str | None = None,
    folder: Path | None = None,
) -> str:
    """What a command prints: standard output, and where it fails standard error as well.

    Raises:
        CommandError: it failed and `check`.
    """
    done = subprocess.run(
        command,
        env=dict(environ),
        cwd=folder,
        input=stdin if stdin is not None else "",
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=seconds,
    )
    if check and done.returncode:
        raise CommandError(f"`{' '.join(command)}` ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout if done.returncode == 0 else done.stdout + done.stderr
