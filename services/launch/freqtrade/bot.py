"""Runs Freqtrade so that its process ends when Freqtrade has ended.

If Freqtrade cannot load the markets of an exchange, Freqtrade logs the error and returns, but threads of the
exchange's connections keep running, and Python waits for these threads for ever. The process would never end, so
`up`, Docker or systemd would never restart it.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from services.common.runtime.ports import handed_over
from services.common.secrets.private import keep_private
from services.launch.freqtrade.redact import redact_output

if TYPE_CHECKING:
    from services.launch.freqtrade.trading_mode import ModeWatch

GRACE_SECONDS = 5.0
LOG_COLUMNS = 1_000
"""The line width for Freqtrade's log, because Freqtrade wraps lines at the width of a terminal even in a file."""


def main() -> None:
    """Run `freqtrade ARGUMENTS` as `python -m services.launch.freqtrade.bot ARGUMENTS`, and end with its exit status.

    With `--expected-mode MODE` before the arguments, the process ends with status 78 if Freqtrade does not trade in
    this mode: see `ModeWatch`.
    """
    listener, given = handed_over(sys.argv[1:])
    expected, arguments = _split(given)
    keep_private()
    if not sys.stderr.isatty():
        os.environ["COLUMNS"] = str(LOG_COLUMNS)
    redact_output(arguments)  # before Freqtrade's log keeps references to the streams
    watch = _watch(expected, arguments) if expected else None
    if arguments[:1] == ["trade"]:
        _serve_api(listener)
    from freqtrade.main import main as freqtrade

    status: object = 1
    try:
        freqtrade(arguments)
    except SystemExit as ended:
        status = ended.code
        if status is None and arguments[:1] != ["trade"]:
            status = os.EX_OK  # commands that end by themselves exit without a status on success
    if watch and watch.found_a_difference:
        status = os.EX_CONFIG
    leave(exit_status(status), GRACE_SECONDS)


def _split(arguments: list[str]) -> tuple[str, list[str]]:
    return (arguments[1], arguments[2:]) if arguments[:1] == ["--expected-mode"] else ("", arguments)


def _serve_api(listener: socket.socket | None) -> None:
    """Replace Freqtrade's API server by `bot_server`; a Freqtrade that does not fit it keeps its own server."""
    try:
        from services.launch.freqtrade.bot_server import keep_serving
    except ImportError as error:
        sys.stderr.write(
            f"cryptoboy: this Freqtrade serves its API by itself, on a port that nobody holds: {error}\n"
        )
        with suppress(OSError):  # done by an earlier start
            if listener:
                listener.shutdown(socket.SHUT_RDWR)  # also for `up`, which otherwise finds the port taken
        return
    keep_serving(listener)


def _watch(expected: str, arguments: list[str]) -> ModeWatch:
    from services.launch.freqtrade.api import FreqtradeApi
    from services.launch.freqtrade.trading_mode import ModeWatch, mode_question

    file = Path(arguments[arguments.index("--config") + 1])
    api = FreqtradeApi.of(json.loads(file.read_text())["api_server"])
    watch = ModeWatch(mode_question(json.loads(expected), api))
    watch.start()
    return watch


def exit_status(code: object) -> int:
    """The exit status of this process for Freqtrade's exit code; None means a wrong configuration."""
    return code if isinstance(code, int) else os.EX_CONFIG


def leave(status: int, grace: float) -> None:
    """End this process: normally if its threads end within `grace` seconds, else without waiting for them."""
    deadline = time.monotonic() + grace
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(max(deadline - time.monotonic(), 0.0))
            if thread.is_alive():
                logging.shutdown()
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
    sys.exit(status)


if __name__ == "__main__":
    main()
