"""Commands as a person types them: by a shell, at a terminal of their own."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
from typing import Self

from tests.support.containers.stack import Stack

SECONDS = 120.0
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\r")
_HYPHENATED = "docker-compose"


class AtTerminal:
    """A command line that runs at a pseudo-terminal. Use as a context manager; at its end the command is stopped."""

    def __init__(self, stack: Stack, line: str) -> None:
        self.shown = ""
        self._terminal, inside = pty.openpty()
        # A terminal without a size is asked where its cursor is, which nobody would answer.
        termios.tcsetwinsize(inside, (50, 200))
        self._process = subprocess.Popen(
            # A terminal's programs obey Ctrl-C, even where the tests were started by a shell that ignores it.
            ["env", "--default-signal=INT", "bash", "-c", known_to(stack, line)],
            cwd=stack.folder,
            env={**stack.environ, "TERM": "dumb", "CRYPTOBOY_VENV": sys.prefix},
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
        )
        os.close(inside)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.press_ctrl_c()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        os.close(self._terminal)

    def type(self, line: str, prompt: str) -> None:
        """Type a line and the return key, once this prompt is the last that is shown.

        A program that edits its lines drops what was typed before its prompt was there.
        """
        deadline = time.monotonic() + SECONDS
        while not _ESCAPES.sub("", self.shown).endswith(prompt):
            assert time.monotonic() < deadline, (
                f"no prompt {prompt!r} within {SECONDS:.0f} s in:\n{self.shown}"
            )
            assert self._read(), f"ended without {prompt!r}:\n{self.shown}"
        os.write(self._terminal, f"{line}\r".encode())

    def press_ctrl_c(self) -> None:
        """Interrupt what runs, as the terminal does when Ctrl-C is pressed."""
        os.killpg(self._process.pid, signal.SIGINT)

    def read(self) -> str:
        """What was shown so far."""
        while select.select([self._terminal], [], [], 0)[0] and self._read():
            pass
        return self.shown

    def wait_for(self, text: str) -> str:
        """Return what was shown up to this text and beyond, as soon as it is there; the test fails if it is not."""
        deadline = time.monotonic() + SECONDS
        while text not in self.shown:
            assert time.monotonic() < deadline, f"no {text!r} within {SECONDS:.0f} s in:\n{self.shown}"
            assert self._read(), f"ended without {text!r}:\n{self.shown}"
        return self.shown

    def result(self) -> str:
        """What was shown until the command ended; the test fails if its status is not 0."""
        deadline = time.monotonic() + SECONDS
        while self._read():
            assert time.monotonic() < deadline, f"runs for more than {SECONDS:.0f} s:\n{self.shown}"
        status = self._process.wait(timeout=10)
        assert status == 0, f"ended with {status}:\n{self.shown}"
        return self.shown

    def _read(self) -> bool:
        """Read what is there, waiting for a moment; False if the command has ended and all is read."""
        ready, _, _ = select.select([self._terminal], [], [], 0.2)
        if not ready:
            return True
        with contextlib.suppress(OSError):  # Linux: the last program at the terminal has ended
            shown = os.read(self._terminal, 65536)
            self.shown += shown.decode(errors="replace").replace("\r\n", "\n")
            return bool(shown)
        return False


def known_to(stack: Stack, line: str) -> str:
    """The line as this machine knows it: Compose is a program or only a plug-in of `docker`."""
    has_program = shutil.which(_HYPHENATED, path=stack.environ["PATH"]) is not None
    return line if has_program else line.replace(_HYPHENATED, "docker compose")


def type_line(stack: Stack, line: str) -> str:
    """What a command line shows at a terminal; the test fails if it fails."""
    with AtTerminal(stack, line) as typed:
        return typed.result()
