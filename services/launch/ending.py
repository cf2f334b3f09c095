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
    """Ctrl-C or SIGTERM.

    It is a class of its own because Python, run with `-m`, loses the exit status of a program that handles a plain
    KeyboardInterrupt raised inside `exec`, which every dataclass uses.
    """


def end_as_by_ctrl_c() -> None:
    """Have SIGTERM do what Ctrl-C does, so that private servers, processes and folders are removed."""
    sys.unraisablehook = partial(_signal_again, sys.unraisablehook)
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # it is another where SIGINT is ignored
        signal.signal(signal.SIGINT, _interrupt)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Defer Ctrl-C and SIGTERM to the end of the block, for what must not be interrupted, such as cleaning up."""
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
    """Send a signal again that came while Python finalised an object: it drops what is raised there."""
    if isinstance(lost.exc_value, StoppedError):
        threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGTERM)).start()
    else:
        report(lost)


@contextmanager
def tells_when_stopped(name: str) -> Iterator[None]:
    """Say on stderr, as `name`, that a command was stopped, and end with status 130."""
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
