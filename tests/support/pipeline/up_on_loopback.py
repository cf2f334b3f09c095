"""Runs what `./cryptoboy up` runs, on free ports, with a strategy that buys whenever it may; prints what it tells.

The bot is stopped until somebody starts it through its API; with --no-bot there is none.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass, replace
from functools import partial

from services.cli.support.trading import prepare_feeds, prepare_stack
from services.common.errors import TryLater
from services.common.files import write_whole
from services.common.settings.folders import STRATEGIES
from services.common.settings.settings import Settings
from services.launch.ending import end_as_by_ctrl_c
from services.launch.freqtrade.api import FreqtradeApi
from services.launch.stack import Stack, free_health_ports
from services.launch.supervisor import ProcessSpec
from services.launch.up import run_until_stopped
from tests.support.strategy import urgent_strategies

STRATEGY = "BuysWhenItMay"


@dataclass(frozen=True)
class EagerStack(Stack):
    """A stack whose bot buys at every candle unless entries are paused."""

    def freqtrade(self, *, throttle_seconds: int) -> ProcessSpec:
        """See `Stack.freqtrade`."""
        spec = super().freqtrade(throttle_seconds=min(throttle_seconds, 1))
        strategies = self.run_dir / "strategies"
        if not strategies.exists():
            shutil.copytree(STRATEGIES, strategies, ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copy(str(urgent_strategies.__file__), strategies)
        file = self.run_dir / "freqtrade.json"
        config = json.loads(file.read_text())
        config |= {"strategy": STRATEGY, "strategy_path": str(strategies), "initial_state": "stopped"}
        write_whole(file, json.dumps(config), mode=0o600)
        return replace(spec, is_ready=partial(_answers, FreqtradeApi.of(config["api_server"])))


def _answers(api: FreqtradeApi) -> bool:
    try:
        return bool(api.state())
    except TryLater:
        return False


def main() -> None:
    """Run until Ctrl-C."""
    end_as_by_ctrl_c()
    settings = Settings.load()
    is_alone = "--no-bot" in sys.argv
    made = prepare_feeds(settings, "up") if is_alone else prepare_stack(settings, "up", i_know=False)
    stack = EagerStack(made.settings, made.run_dir, health_ports=free_health_ports(), has_bot=made.has_bot)
    try:
        run_until_stopped(stack, partial(print, flush=True))
    except KeyboardInterrupt:  # while it was starting
        return


if __name__ == "__main__":
    main()
