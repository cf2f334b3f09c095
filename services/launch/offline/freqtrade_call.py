"""A command of Freqtrade that a user gives, as Freqtrade itself understands it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.common.errors import StopProgram

TRADE = "trade"
READS_CANDLES = frozenset(
    {
        *("backtesting", "hyperopt", "lookahead-analysis", "recursive-analysis", "backtesting-analysis"),
        *("plot-dataframe", "plot-profit", "list-data"),
    }
)
"""The commands that read candles from a folder."""
_EXAMPLE = "./cryptoboy offline --candles DIR -- freqtrade backtesting --strategy NAME --userdir DIR"
_REFUSED = {
    "download-data": "it would store replayed candles among real ones. The candles are in the folder that you named",
    "trades-to-ohlcv": "it works on files alone: run it without this command",
    "install-ui": "it downloads from the internet: run it without this command",
    "strategy-updater": "it changes the files of strategies: run it without this command",
    "convert-data": "it works on files alone: run it without this command",
    "convert-trade-data": "it works on files alone: run it without this command",
}


@dataclass(frozen=True)
class FreqtradeCall:
    """A command with its arguments.

    Attributes:
        arguments: all that follows `freqtrade`, as given.
        parsed: the values of the options, by Freqtrade's names for them.
    """

    arguments: tuple[str, ...]
    parsed: Mapping[str, Any]

    @property
    def command(self) -> str:
        """The name of the command; empty for `freqtrade --version` and the like."""
        return str(self.parsed.get("command") or "")

    @property
    def trades(self) -> bool:
        """Whether this runs the bot."""
        return self.command == TRADE

    @property
    def takes_configuration(self) -> bool:
        """Whether the command reads configuration files."""
        return "config" in self.parsed

    @property
    def reads_candles(self) -> bool:
        """Whether the command reads candles from a folder that the user did not choose."""
        return self.command in READS_CANDLES and self.parsed.get("datadir") is None

    @property
    def names_files(self) -> bool:
        """Whether the arguments name configuration files."""
        return any(argument.startswith(("-c", "--c")) for argument in self.arguments)

    @property
    def configuration_files(self) -> tuple[str, ...]:
        """The configuration files that Freqtrade would read; a default one only if it exists."""
        files = tuple(self.parsed.get("config") or ())
        return files if self.names_files else tuple(file for file in files if Path(file).is_file())


def read_call(words: Sequence[str]) -> FreqtradeCall:
    """Read a command with Freqtrade's own parser, which ends the program if Freqtrade has no such command or option.

    Raises:
        StopProgram: the words are not a command of Freqtrade, or one that is refused here.
    """
    from freqtrade.commands.arguments import Arguments

    if not words or Path(words[0]).name != "freqtrade":
        raise StopProgram(f"after `--` comes `freqtrade` with a command, for example: {_EXAMPLE}")
    if len(words) == 1:
        raise StopProgram(f"`freqtrade` needs a command, for example: {_EXAMPLE}")
    arguments = tuple(words[1:])
    call = FreqtradeCall(arguments, Arguments(list(arguments)).get_parsed_arg())
    if reason := _REFUSED.get(call.command):
        raise StopProgram(f"freqtrade {call.command} does not run offline: {reason}")
    if "-" in call.configuration_files:
        raise StopProgram("--config - does not work here: the configuration has to be a file")
    return call
