"""How a command ends on Ctrl-C or SIGTERM."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

INTERRUPTED = 130
_AGAIN_SECONDS = 0.05


class StoppedError(KeyboardInterrupt):
    """Raised on Ctrl-C or SIGTERM.

    It is a subclass because Python, run with `-m`, loses the exit status of a program that handles a plain
    KeyboardInterrupt raised inside `exec`; every dataclass uses `exec`.
    """


def end_as_by_ctrl_c() -> None:
    """Make SIGTERM end the process as Ctrl-C does, so that private servers, processes and folders are removed."""
    sys.unraisablehook = partial(_signal_again, sys.unraisablehook)
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # it is another where SIGINT is ignored
        signal.signal(signal.SIGINT, _interrupt)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Delay Ctrl-C and SIGTERM until the block ends; for code that must not be interrupted, such as a clean-up."""
    _deferral.depth += 1
    try:
        yield
    finally:
        _deferral.depth -= 1
        if _deferral.is_wanted and not _deferral.depth:
            _deferral.is_wanted = False
            raise StoppedError


class _Deferral:
    depth = 0
    is_wanted = False


_deferral = _Deferral()


def _interrupt(_number: int, _frame: object) -> None:
    if _deferral.depth:
        _deferral.is_wanted = True
    else:
        raise StoppedError


def _signal_again(report: Callable[[UnraisableHookArgs], object], lost: UnraisableHookArgs) -> None:
    """Send SIGTERM again if StoppedError was raised while Python finalised an object, because Python discards it."""
    if isinstance(lost.exc_value, StoppedError):
        threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGTERM)).start()
    else:
        report(lost)


@contextmanager
def tells_when_stopped(name: str) -> Iterator[None]:
    """On Ctrl-C or SIGTERM, write to stderr that the program `name` was stopped, and end with status 130."""
    try:
        yield
    except KeyboardInterrupt:
        _say_stopped(name)
        sys.exit(INTERRUPTED)
    except SystemExit as ending:  # typer turns Ctrl-C into it, without a message
        if ending.code == INTERRUPTED:
            _say_stopped(name)
        raise


def _say_stopped(name: str) -> None:
    # A second signal would end the process by that signal, and the exit status would be lost.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    sys.stderr.write(f"{name}: stopped by Ctrl-C or SIGTERM; nothing of it is left running\n")
