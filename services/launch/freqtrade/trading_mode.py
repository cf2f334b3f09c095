"""Checks that Freqtrade trades as the settings say, by reading its configuration back from its API.

Freqtrade merges its configuration from a file, a strategy (with its file of parameters), environment and arguments, so
only the running program knows the result.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from services.common.errors import StopProgram, TryLater
from services.common.freqtrade_variables import freqtrade_variables
from services.common.settings.folders import STRATEGIES
from services.common.settings.settings import Settings
from services.common.settings.sources import default_env_file, read_env_file
from services.common.text.plain_text import without_control
from services.launch.freqtrade.api import FreqtradeApi
from services.launch.freqtrade.config import STRATEGY

LOOK_EVERY_SECONDS = 1.0
GRACE_SECONDS = 15.0
PARAMETERS = STRATEGIES / f"{STRATEGY}.json"
"""A file that `freqtrade hyperopt` writes and that Freqtrade reads together with the strategy."""
Mode = Mapping[str, Any]
"""A trading mode: values by their names in Freqtrade's /show_config."""


def mode_of(settings: Settings) -> Mode:
    """The trading mode that the settings ask for."""
    return {
        "dry_run": settings.dry_run,
        "runmode": "dry_run" if settings.dry_run else "live",
        "trading_mode": "spot",
        "exchange": settings.exchange,
        "stake_currency": settings.stake_currency,
        "stake_amount": settings.stake_amount,
        "max_open_trades": settings.max_open_trades,
        "strategy": STRATEGY,
        "timeframe": settings.strategy_timeframe,
        "position_adjustment_enable": False,
        "force_entry_enable": False,
    }


def beside_the_settings(environ: Mapping[str, str]) -> list[str]:
    """Messages about configuration outside the settings: variables that are ignored, and parameters that are used.

    Raises:
        StopProgram: the `.env` file cannot be read.
    """
    lines = []
    env_file = default_env_file(environ)
    if left_out := freqtrade_variables({**(read_env_file(env_file) if env_file else {}), **environ}):
        names = ", ".join(map(without_control, left_out))
        lines.append(f"Freqtrade does not get these variables, for here it reads only its file: {names}")
    if PARAMETERS.exists():
        lines.append(
            f"rules, ROI, stop loss and trailing of the strategy come out of {PARAMETERS}, which hyperopt wrote"
        )
    return lines


def check_mode(expected: Mode, shown: Mode) -> None:
    """Compare Freqtrade's mode with the expected one. Raises StopProgram if they differ; it names all differences."""
    if wrong := [
        f"{name} is {shown.get(name, 'not shown')}, not {value}"
        for name, value in expected.items()
        if not _same(value, shown.get(name))
    ]:
        raise StopProgram(
            f"Freqtrade does not trade as the settings say: {'; '.join(wrong)}. It was stopped at once. "
            "Look for its orders in the account; then find what overrides the settings: its arguments, its "
            "environment, or the file freqtrade.json"
        )


def mode_question(expected: Mode, api: FreqtradeApi) -> Callable[[], bool]:
    """Return a function that returns True if Freqtrade trades in the expected mode, False while it does not answer.

    The function raises StopProgram if Freqtrade trades in another mode. The caller then stops Freqtrade before all
    other programs.
    """

    def ask() -> bool:
        if api.is_of_another_user():
            return False
        with suppress(TryLater):
            check_mode(expected, api.configuration())
            return True
        return False

    return ask


def _same(expected: object, shown: object) -> bool:
    """Whether two values are equal. Numbers may be shown as text; a boolean equals booleans only."""
    if isinstance(expected, bool) or isinstance(shown, bool):
        return expected is shown
    if isinstance(expected, (int, float)):
        with suppress(TypeError, ValueError):
            return float(expected) == float(shown)  # type: ignore[arg-type]  # whatever was shown; the error is caught
        return False
    return expected == shown


class ModeWatch(threading.Thread):
    """Ends this process, in which Freqtrade runs, if Freqtrade does not trade as the settings say.

    Freqtrade gets SIGTERM and has GRACE_SECONDS to end; the exit status is EX_CONFIG. The mode is checked as long as
    the process runs, because Freqtrade can load its configuration again.

    Args:
        ask: a function that `mode_question` returned.
    """

    def __init__(self, ask: Callable[[], bool]) -> None:
        super().__init__(name="mode-watch", daemon=True)
        self._ask = ask
        self.found_a_difference = False

    def run(self) -> None:
        """Call `ask` periodically until it raises StopProgram, then end this process."""
        while not self.found_a_difference:
            time.sleep(LOOK_EVERY_SECONDS)
            try:
                self._ask()
            except StopProgram as error:
                self.found_a_difference = True
                sys.stderr.write(f"cryptoboy: {error}\n")
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_SECONDS)
        os._exit(os.EX_CONFIG)
