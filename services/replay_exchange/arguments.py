"""The command line of the replay exchange."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from services.common.errors import StopProgram
from services.replay_exchange.faults import Faults
from services.replay_exchange.replay import BUNDLED_CANDLES, ReplayOptions

SHORTEST = "shortest"
_EXAMPLE = """example:
  python -m services.replay_exchange.replay_exchange --port 8085 --start 2026-04-01T12:00:00+00:00
  curl http://127.0.0.1:8085/replay/status"""


class Arguments(argparse.Namespace):
    """The parsed command line. `options` returns the options of the replay; the others configure the process."""

    candles: Path
    timeframe: str
    pairs: str
    markets_only: bool
    start: str | None
    anchor: str | None
    align: str | None
    port: int
    port_file: Path | None
    read_only: bool
    faults: str

    def options(self) -> ReplayOptions:
        """Return the options of the replay. Raises StopProgram, naming the option, if a value is invalid."""
        try:
            return ReplayOptions.model_validate(
                {
                    "candles": None if self.markets_only else self.candles,
                    "timeframe": None if self.timeframe == SHORTEST else self.timeframe,
                    "pairs": tuple(pair for pair in self.pairs.split(",") if pair),
                    "start": self.start,
                    "anchor": self.anchor,
                    "align": self.align,
                }
            )
        except ValidationError as error:
            mistakes = [
                f"--{mistake['loc'][0]} {mistake['input']}: {mistake['msg']}" for mistake in error.errors()
            ]
            raise StopProgram("; ".join(mistakes)) from error

    def first_faults(self) -> Faults:
        """Return the faults that are active from the beginning. Raises StopProgram if they are invalid."""
        try:
            return Faults.model_validate_json(self.faults)
        except ValidationError as error:
            raise StopProgram(f"--faults {self.faults}: {error}") from error


def read_arguments(arguments: Sequence[str] | None) -> Arguments:
    """Parse `arguments`, or the arguments of this process if `arguments` is None.

    Ends the program if --help or an unknown option is given.
    """
    parser = argparse.ArgumentParser(
        prog="replay_exchange",
        description="A Binance-compatible spot exchange on loopback that replays recorded candles.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--candles", type=Path, default=BUNDLED_CANDLES, help="directory of candle files of Freqtrade, or CSV"
    )
    add(
        "--timeframe",
        default="1m",
        help=f"timeframe of the files (default 1m), or `{SHORTEST}` of each pair; longer ones are built from it",
    )
    add("--pairs", default="", help="for example BTC/USDT,ETH/USDT; default: all in the directory")
    add("--markets-only", action="store_true", help="list --pairs without any candles")
    add(
        "--start",
        help="instant of the recording that is replayed now, ISO 8601 with offset; default: its middle",
    )
    add("--anchor", help="replay --start at this instant of the wall clock instead of now")
    add("--align", help="shift by whole candles of this timeframe, for example 1h")
    add("--port", type=int, default=0, help="default: a free one")
    add("--port-file", type=Path, help="write the port to this file once the exchange answers")
    add(
        "--faults",
        default="{}",
        help="faults from the beginning, as JSON; the fields are those of /replay/faults",
    )
    add("--read-only", action="store_true", help="no faults can be switched on over HTTP")
    return parser.parse_args(arguments, namespace=Arguments())
