"""How a command ends that is told to."""

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

    A class of its own, as Python, run with `-m`, forgets the status of a program that handles a plain
    KeyboardInterrupt if that came in an `exec`, which every dataclass is made with.
    """


def end_as_by_ctrl_c() -> None:
    """From now on SIGTERM does what Ctrl-C does: private servers, processes and folders are cleared away."""
    sys.unraisablehook = partial(_signal_again, sys.unraisablehook)
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not so where it is to be ignored
        signal.signal(signal.SIGINT, _interrupt)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C and SIGTERM wait until this is over: for what must be done whole, such as clearing away."""
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
    """Python drops what is raised while it finalises an object: a signal that came just then is sent once more."""
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
    except SystemExit as ending:  # what typer makes of Ctrl-C, without a word
        if ending.code == INTERRUPTED:
            _say_stopped(name)
        raise


def _say_stopped(name: str) -> None:
    # A second signal would end Python by that signal instead of with the status.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    sys.stderr.write(f"{name}: stopped by Ctrl-C or SIGTERM; nothing of it is left running\n")
