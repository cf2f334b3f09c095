"""`cryptoboy trade`: only Freqtrade, configured from the settings; the services run elsewhere."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

from services.cli.support.options import IKnow
from services.cli.up import begin_live_trading
from services.common.freqtrade_variables import refuse_variables_about_money
from services.common.secrets.private import close_folder
from services.common.settings.settings import BrokerKind, Settings
from services.common.store.embedded.access import LOOPBACK, with_socket
from services.demo.guard import refuse_demo_news
from services.launch.freqtrade.trading_checks import check_trading
from services.launch.freqtrade.trading_mode import beside_the_settings
from services.launch.stack import Stack


def trade(i_know: IKnow = False) -> None:
    """Write Freqtrade's configuration from the settings and become `freqtrade trade`.

    For machines and containers on which the services run by themselves. Dry-run by default; live trading
    needs what `up` needs.

    Example: DRY_RUN=true ./cryptoboy trade
    """
    refuse_variables_about_money(os.environ)
    settings = Settings.load()
    check_trading(settings)
    refuse_demo_news(settings, lambda text: print(f"cryptoboy: {text}", file=sys.stderr))
    if changed := close_folder(settings.state_dir):
        print(f"cryptoboy: {changed}", file=sys.stderr)
    run_dir = settings.state_dir.resolve() / "trade"
    if settings.broker is BrokerKind.EMBEDDED and settings.redis_host in LOOPBACK:
        settings = with_socket(settings)
    stack = Stack(settings, run_dir, alone=True)
    if not settings.dry_run:
        stack = replace(stack, may_enter=begin_live_trading(stack, i_know=i_know))
    run_dir.mkdir(parents=True, exist_ok=True)
    spec = stack.freqtrade(throttle_seconds=5)
    for line in beside_the_settings(os.environ):
        print(f"cryptoboy: {line}", file=sys.stderr, flush=True)
    os.execve(spec.argv[0], list(spec.argv), dict(spec.environ))  # noqa: S606 - our own program, no shell
