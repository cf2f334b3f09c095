"""Entry point: a replay exchange as a process of its own.

Says `{"event": "ready", "port": ...}` on standard output as soon as it answers; the log goes to standard
error. Ends with status 0 on SIGTERM or SIGINT, 78 when an option does not fit.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from services.common.errors import StopProgram
from services.common.files import write_whole
from services.common.runtime.logging import configure_logging
from services.common.secrets.private import keep_private
from services.common.secrets.redaction import redact_errors
from services.common.secrets.secret_texts import secrets_given
from services.common.settings.settings import Settings
from services.replay_exchange.replay import BUNDLED_CANDLES, ReplayOptions
from services.replay_exchange.server import ReplayExchange

_EXAMPLE = """example:
  python -m services.replay_exchange.replay_exchange --port 8085 --start 2026-04-01T12:00:00+00:00
  curl http://127.0.0.1:8085/replay/status"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal; returns the exit status."""
    parsed = _parser().parse_args(arguments)
    keep_private()
    redact_errors(secrets_given(os.environ))
    try:
        configure_logging(Settings.load(), "replay_exchange")
        asyncio.run(_run(_options(parsed), parsed.port, parsed.port_file, read_only=parsed.read_only))
    except StopProgram as error:
        sys.stderr.write(f"replay_exchange: {error}\n")
        return os.EX_CONFIG
    return 0


async def _run(options: ReplayOptions, port: int, port_file: Path | None, *, read_only: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with ReplayExchange(options, port=port, read_only=read_only) as exchange:
        if port_file is not None:
            write_whole(port_file, f"{exchange.port}\n")
        ready = {
            "event": "ready",
            "port": exchange.port,
            "url": exchange.base_url,
            "shift_ms": exchange.shift_ms,
        }
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await stop.wait()


def _options(parsed: argparse.Namespace) -> ReplayOptions:
    try:
        return ReplayOptions(
            candles=None if parsed.markets_only else parsed.candles,
            timeframe=parsed.timeframe,
            pairs=tuple(pair for pair in parsed.pairs.split(",") if pair),
            start=parsed.start,
            anchor=parsed.anchor,
            align=parsed.align,
        )
    except ValidationError as error:
        mistakes = [
            f"--{mistake['loc'][0]} {mistake['input']}: {mistake['msg']}" for mistake in error.errors()
        ]
        raise StopProgram("; ".join(mistakes)) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="replay_exchange",
        description="A Binance-compatible spot exchange on loopback that replays recorded candles.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--candles", type=Path, default=BUNDLED_CANDLES, help="directory of Freqtrade feather files")
    add("--timeframe", default="1m", help="of the files to take (default 1m); longer ones are built from it")
    add("--pairs", default="", help="for example BTC/USDT,ETH/USDT; default: all in the directory")
    add("--markets-only", action="store_true", help="list --pairs without any candles")
    add(
        "--start",
        help="instant of the recording that falls on now, ISO 8601 with offset; default: its middle",
    )
    add("--anchor", help="fall on this instant of the wall clock instead of now")
    add("--align", help="shift by whole candles of this timeframe, for example 1h")
    add("--port", type=int, default=0, help="default: a free one")
    add("--port-file", type=Path, help="write the port there once it answers")
    add("--read-only", action="store_true", help="no faults can be switched on over HTTP")
    return parser


if __name__ == "__main__":
    sys.exit(main())
