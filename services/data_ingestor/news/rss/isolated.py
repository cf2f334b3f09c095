"""Runs a function in a separate process with limits on time and memory, whatever its input is.

Feeds are untrusted, and neither a name resolver nor a regular expression can be interrupted within its own process.
Forty kilobytes of blank lines occupy the feed parser for eight seconds, and an address of some hundred kilobytes
occupies it for minutes; no other thread runs meanwhile. A separate process can be killed. This process is forked in
milliseconds from a server process that has already loaded the libraries. Its time and memory are limited. It has the
access rights of this service, but no environment variable that could be secret.
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import multiprocessing.util
import os
import re
import resource
import signal
import subprocess
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar, cast

import structlog

from services.common.errors import CryptoBoyError, NeverWorks, TryLater

A = TypeVar("A")
R = TypeVar("R")

log = structlog.get_logger(__name__)

MEMORY_BYTES = 1024 * 1024 * 1024
"""The limit on the address space of the process. Parsing a feed of 5 MB takes about a third of it."""

STOP_CHECK_SECONDS = 0.1

_starting = threading.Lock()
_programs: list[subprocess.Popen[bytes]] = []
_context = multiprocessing.get_context("forkserver")
# What a new process would otherwise import each time: the modules of the function, and what the main module imports.
# Not the main module itself: it is run again under another name, and would be loaded twice.
_context.set_forkserver_preload(
    [
        "services.common.runtime.runner",
        "services.data_ingestor.news.poller",
        "services.data_ingestor.news.rss.source",
    ]
)


_KEPT = re.compile(
    r"PATH|HOME|TZ|TMPDIR|TEMP|TMP|LANG(UAGE)?|LC_\w+|PYTHON\w*|VIRTUAL_ENV|(DY)?LD_\w+|FAKETIME\w*|MALLOC_\w+"
    r"|\w+_PROXY|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|COVERAGE_\w+",
    re.IGNORECASE,
)
"""The environment variables that reading a feed needs. All others are removed from the process, because they may be
secret and the process parses untrusted input."""


def run_isolated(
    work: Callable[[A], R], argument: A, *, seconds: float, stop: threading.Event, doing: str
) -> R:
    """Return `work(argument)`, computed in another process.

    Args:
        work: a module-level function.
        argument: the argument, which must be picklable, like the result.
        seconds: the time after which the process is killed.
        stop: an event that kills the process early when it is set.
        doing: a description of the work for messages, such as "parsing the feed".

    Raises:
        TryLater: `work` raised TryLater, took too long or was stopped, or no process can be started.
        NeverWorks: `work` raised NeverWorks, failed in another way, or needs too much memory.
    """
    receiver, sender = _context.Pipe(duplex=False)
    process = _context.Process(target=_child, args=(work, argument, seconds, sender), daemon=True)
    with receiver:
        try:
            _ensure_server()
            with sender:
                process.start()
        except (OSError, EOFError) as error:
            raise TryLater(f"{doing} needs a process, which cannot be started: {error}") from error
        try:
            return cast("R", _result(receiver, seconds, stop, doing))
        finally:
            _end(process)


def _ensure_server() -> None:
    """Start the server that makes the processes, with few variables in its environment, unless it runs.

    The environment of this process stays as it is: a thread that reads it in C code, as for a local time, would crash
    while another one changes it (the notes of setenv(3)).
    """
    with _starting:
        if not _runs():
            util: Any = multiprocessing.util
            usual = util.spawnv_passfds
            util.spawnv_passfds = _start_with_few_variables
            try:
                forkserver.ensure_running()
            finally:
                util.spawnv_passfds = usual


def _start_with_few_variables(path: bytes, arguments: Sequence[str | bytes], passed: Iterable[int]) -> int:
    """Start a program like `multiprocessing.util.spawnv_passfds`, which passes the whole environment on."""
    few = {name: value for name, value in os.environ.items() if _KEPT.fullmatch(name)}
    program = subprocess.Popen(  # noqa: S603 - of the standard library
        arguments, executable=path, pass_fds=tuple(passed), env=few, restore_signals=False
    )
    _programs.append(program)  # without it `subprocess` would look for the end itself
    return program.pid


def _runs() -> bool:
    """Whether the server and its helper run. The standard library answers that only by starting them."""
    tracker: Any = resource_tracker._resource_tracker  # noqa: SLF001 - see above
    server: Any = forkserver._forkserver  # noqa: SLF001 - see above
    pid = server._forkserver_pid  # noqa: SLF001 - see above
    if pid is None or tracker._fd is None or not tracker._check_alive():  # noqa: SLF001 - see above
        return False
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False


def _result(receiver: Connection, seconds: float, stop: threading.Event, doing: str) -> object:
    deadline = time.monotonic() + seconds
    while not receiver.poll(STOP_CHECK_SECONDS):
        if stop.is_set():
            raise TryLater(f"{doing} was aborted because the service stops")
        if time.monotonic() > deadline:
            raise TryLater(f"{doing} was not done within {seconds:g} s and was aborted")
    try:
        outcome, value = receiver.recv()
    except (EOFError, OSError):
        raise TryLater(
            f"{doing} ended without a result; its process was killed or ran out of memory"
        ) from None
    if outcome == "done":
        return value
    if outcome == "refused":
        raise value
    log.error("reader_process_failed", doing=doing, traceback=value)
    raise NeverWorks(f"{doing} failed: {value.strip().splitlines()[-1]}")


def _end(process: BaseProcess) -> None:
    process.kill()
    process.join()
    process.close()


def _child(work: Callable[[A], object], argument: A, seconds: float, sender: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the service handles Ctrl-C and kills this process
    _bound(resource.RLIMIT_AS, MEMORY_BYTES)
    _bound(resource.RLIMIT_CPU, math.ceil(seconds) + 1)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    answer: tuple[str, object]
    try:
        answer = ("done", work(argument))
    except CryptoBoyError as error:
        answer = ("refused", error)
    except MemoryError:
        answer = ("refused", NeverWorks(f"needs more than {MEMORY_BYTES // 2**20} MiB of memory"))
    except Exception:  # noqa: BLE001 - it is reported to the parent, which logs it
        answer = ("failed", traceback.format_exc())
    with contextlib.suppress(BrokenPipeError):  # the parent no longer waits
        sender.send(answer)


def _bound(what: int, limit: int) -> None:
    with contextlib.suppress(ValueError, OSError):  # not every system has every limit
        resource.setrlimit(what, (limit, limit))


def _end_with_parent() -> None:
    # A killed service cannot kill this process. If a regular expression keeps this thread from running, the limit on
    # processor time ends the process.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
