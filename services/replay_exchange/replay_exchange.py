"""Entry point that runs a replay exchange in its own process.

As soon as the exchange accepts requests, it writes `{"event": "ready", "port": ...}` to standard output. The log is
written to standard error. The exit status is 0 after SIGTERM or SIGINT, and 78 if an option is invalid.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence

from services.common.errors import StopProgram
from services.common.files import write_whole
from services.common.runtime.logging import configure_logging
from services.common.secrets.private import keep_private
from services.common.secrets.redaction import redact_errors
from services.common.secrets.secret_texts import secrets_given
from services.common.settings.settings import Settings
from services.replay_exchange.arguments import Arguments, read_arguments
from services.replay_exchange.server import ReplayExchange


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal arrives; return the exit status."""
    given = read_arguments(arguments)
    keep_private()
    redact_errors(secrets_given(os.environ))
    try:
        configure_logging(Settings.load(), "replay_exchange")
        asyncio.run(_run(given))
    except StopProgram as error:
        sys.stderr.write(f"replay_exchange: {error}\n")
        return os.EX_CONFIG
    return 0


async def _run(given: Arguments) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with ReplayExchange(
        given.options(), port=given.port, read_only=given.read_only, faults=given.first_faults()
    ) as exchange:
        if given.port_file is not None:
            write_whole(given.port_file, f"{exchange.port}\n")
        ready = {
            "event": "ready",
            "port": exchange.port,
            "url": exchange.base_url,
            "shift_ms": exchange.shift_ms,
        }
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
