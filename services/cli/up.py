"""`cryptoboy up`: runs the whole system on live feeds and the live exchange; the default is dry-run."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from services.cli.support.answers import say
from services.cli.support.options import Broker, settings_for
from services.cli.support.trading import IKnow, prepare_feeds, prepare_stack
from services.common.freqtrade_variables import refuse_variables_about_money
from services.common.settings.settings import BrokerKind
from services.demo.guard import refuse_demo_news
from services.launch.addresses import check_addresses, check_names
from services.launch.up import run_until_stopped
from services.sentiment_analyzer.scorers.build import check_scorer_settings

NoBot = Annotated[
    bool,
    typer.Option("--no-bot", help="Do not run Freqtrade: for a bot of your own, which reads the signals."),
]


def up(broker: Broker = None, i_know: IKnow = False, no_bot: NoBot = False) -> None:
    """Run everything on this machine: services, Freqtrade and, in embedded mode, the queue and Redis.

    With --no-bot Freqtrade is left out, and the address of the signals for the configuration of your own bot is shown;
    docs/own_strategy.md says how your strategy uses them.

    The default is dry-run. Live trading needs DRY_RUN=false, EXCHANGE_KEY, EXCHANGE_SECRET, servers with passwords,
    files that other users cannot read, a correct system time, keys that cannot withdraw, and a confirmation typed at
    the terminal (or, without a terminal, LIVE_TRADING_CONFIRMATION). All missing requirements are shown at once.

    Example: ./cryptoboy up
    """
    if not no_bot:  # your own bot's variables are its own matter
        refuse_variables_about_money(os.environ)
    settings = settings_for(broker)
    if settings.broker is not BrokerKind.EMBEDDED:
        refuse_demo_news(settings, say)
    stack = prepare_feeds(settings, "up") if no_bot else prepare_stack(settings, "up", i_know=i_know)
    check_scorer_settings(stack.settings)
    check_names(stack.settings)
    check_addresses(stack.settings, has_bot=stack.has_bot)
    run_until_stopped(stack, say)
