"""`cryptoboy trade`: runs only Freqtrade, configured from the settings, while the services run elsewhere."""

from __future__ import annotations

import os

from services.cli.support.answers import say
from services.cli.support.trading import IKnow, prepare_stack
from services.common.freqtrade_variables import refuse_variables_about_money
from services.common.settings.settings import Settings
from services.demo.guard import refuse_demo_news
from services.launch.freqtrade.trading_mode import beside_the_settings


def trade(i_know: IKnow = False) -> None:
    """Write Freqtrade's configuration from the settings, then replace this process by `freqtrade trade`.

    This command is for machines and containers on which the services run by themselves. The default is dry-run; live
    trading has the same requirements as with `up`.

    Example: DRY_RUN=true ./cryptoboy trade
    """
    refuse_variables_about_money(os.environ)
    settings = Settings.load()
    refuse_demo_news(settings, say)
    stack = prepare_stack(settings, "trade", i_know=i_know, alone=True)
    spec = stack.freqtrade(throttle_seconds=5)
    for line in beside_the_settings(os.environ):
        say(line)
    os.execve(spec.argv[0], list(spec.argv), dict(spec.environ))  # noqa: S606 - our own program, no shell
