"""Runs Freqtrade so that its process ends when Freqtrade has ended.

Freqtrade that cannot load an exchange's markets says so and returns, but leaves threads of the exchange's
connections behind, for which Python waits without end. Whoever starts it again when it ends (`up`, Docker,
systemd) would wait with it, long after the exchange is back.
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
"""Freqtrade wraps its log at the width of a terminal, also where there is none: a line in a file must stay one."""


def main() -> None:
    """`python -m services.launch.freqtrade.bot trade ...` is `freqtrade trade ...`, with its exit status.

    With `--expected-mode MODE` before it, the process ends with 78 if Freqtrade trades otherwise: see
    `ModeWatch`.
    """
    listener, given = handed_over(sys.argv[1:])
    expected, arguments = _split(given)
    keep_private()
    if not sys.stderr.isatty():
        os.environ["COLUMNS"] = str(LOG_COLUMNS)
    redact_output(arguments)  # before Freqtrade's log takes hold of the streams
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
            status = os.EX_OK  # commands that come to an end leave without a status when they succeed
    if watch and watch.found_a_difference:
        status = os.EX_CONFIG
    leave(exit_status(status), GRACE_SECONDS)


def _split(arguments: list[str]) -> tuple[str, list[str]]:
    return (arguments[1], arguments[2:]) if arguments[:1] == ["--expected-mode"] else ("", arguments)


def _serve_api(listener: socket.socket | None) -> None:
    """Have the API served as `bot_api` does; by a Freqtrade that is arranged otherwise, as it does by itself."""
    try:
        from services.launch.freqtrade.bot_server import keep_serving
    except ImportError as error:
        sys.stderr.write(
            f"cryptoboy: this Freqtrade serves its API by itself, on a port that nobody holds: {error}\n"
        )
        with suppress(OSError):  # an earlier start did
            if listener:
                listener.shutdown(socket.SHUT_RDWR)  # for `up` too: else the port would be taken
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
    """The status for what Freqtrade ended with: it leaves a wrong configuration without one, which reads as success."""
    return code if isinstance(code, int) else os.EX_CONFIG


def leave(status: int, grace: float) -> None:
    """End this process: as usual if its threads end within `grace` seconds, else without them."""
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
