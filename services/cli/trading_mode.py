"""Whether Freqtrade does what was said before its start: read back from its own API.

What it trades with comes out of a file, a strategy with perhaps a file of parameters, an environment and arguments.
Only the running program knows the outcome.
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

from services.cli.freqtrade_api import FreqtradeApi
from services.cli.freqtrade_config import STRATEGY, STRATEGY_DIR
from services.common.errors import StopProgram, TryLater
from services.common.freqtrade_variables import freqtrade_variables
from services.common.plain_text import without_control
from services.common.settings import Settings
from services.common.settings_sources import default_env_file, read_env_file

LOOK_EVERY_SECONDS = 1.0
GRACE_SECONDS = 15.0
PARAMETERS = STRATEGY_DIR / f"{STRATEGY}.json"
"""Written by `freqtrade hyperopt`; Freqtrade reads it with the strategy."""
Mode = Mapping[str, Any]
"""By the names of Freqtrade's /show_config."""


def said_mode(settings: Settings) -> Mode:
    """What is said of Freqtrade before its start."""
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
    """Lines for a person about what says something of trading beside the settings: used, or left out.

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
            f"rules, ROI, stop loss and trailing of the strategy come out of {PARAMETERS}, which a search wrote"
        )
    return lines


def check_mode(said: Mode, shown: Mode) -> None:
    """Raise StopProgram if what Freqtrade shows is not what was said; tells each difference."""
    if wrong := [
        f"{name} is {shown.get(name, 'not told')}, not {value}"
        for name, value in said.items()
        if not _same(value, shown.get(name))
    ]:
        raise StopProgram(
            f"Freqtrade does not do what was said: {'; '.join(wrong)}. It was stopped at once. Look at the account for "
            "orders of it; then find what says otherwise than the settings: its arguments, its environment, or the "
            "file freqtrade.json"
        )


def reads_as_said(said: Mode, api: FreqtradeApi) -> Callable[[], bool]:
    """A question that is True once our Freqtrade answers and does what was said, False while it does not answer.

    The question raises StopProgram if Freqtrade does something else: whoever asks has to end it before all others.
    """

    def ask() -> bool:
        if api.is_of_another_user():
            return False
        with suppress(TryLater):
            check_mode(said, api.configuration())
            return True
        return False

    return ask


def _same(said: object, shown: object) -> bool:
    """Numbers may be shown as text; a switch is one only as true or false."""
    if isinstance(said, bool) or isinstance(shown, bool):
        return said is shown
    if isinstance(said, (int, float)):
        with suppress(TypeError, ValueError):
            return float(said) == float(shown)  # type: ignore[arg-type]  # whatever was shown; the error is caught
        return False
    return said == shown


class ModeWatch(threading.Thread):
    """Ends this process, which runs Freqtrade, if Freqtrade does not do what was said.

    Freqtrade is asked to end as by SIGTERM, and is not waited for longer than a grace. The status of the process is
    EX_CONFIG. It asks as long as the process runs: a configuration can be loaded again.
    """

    def __init__(self, is_as_said: Callable[[], bool]) -> None:
        super().__init__(name="mode-watch", daemon=True)
        self._is_as_said = is_as_said
        self.found_a_difference = False

    def run(self) -> None:
        """Ask again and again."""
        while not self.found_a_difference:
            time.sleep(LOOK_EVERY_SECONDS)
            try:
                self._is_as_said()
            except StopProgram as error:
                self.found_a_difference = True
                sys.stderr.write(f"cryptoboy: {error}\n")
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_SECONDS)
        os._exit(os.EX_CONFIG)
