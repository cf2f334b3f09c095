"""Runs Freqtrade so that its process ends when Freqtrade has ended.

Freqtrade that cannot load an exchange's markets says so and returns, but leaves threads of the exchange's
connections behind, for which Python waits without end. Whoever starts it again when it ends (`up`, Docker,
systemd) would wait with it, long after the exchange is back.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time

from services.cli.redact import redact_output

GRACE_SECONDS = 5.0
LOG_COLUMNS = 1_000
"""Freqtrade wraps its log at the width of a terminal, also where there is none: a line in a file must stay one."""


def main() -> None:
    """`python -m services.cli.bot trade ...` is `freqtrade trade ...`, with its exit status."""
    if not sys.stderr.isatty():
        os.environ["COLUMNS"] = str(LOG_COLUMNS)
    redact_output(sys.argv[1:])  # before Freqtrade's log takes hold of the streams
    from freqtrade.main import main as freqtrade

    status: object = 1
    try:
        freqtrade(sys.argv[1:])
    except SystemExit as ended:
        status = ended.code
    leave(exit_status(status), GRACE_SECONDS)


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
