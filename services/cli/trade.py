"""`cryptoboy trade`: only Freqtrade, configured from the settings; the services run elsewhere."""

from __future__ import annotations

import os
import sys

from services.cli.demo_guard import refuse_demo_news
from services.cli.stack import Stack
from services.cli.trading_checks import check_trading
from services.cli.trading_mode import beside_the_settings
from services.cli.up import confirm_live_trading
from services.common.freqtrade_variables import refuse_variables_about_money
from services.common.settings import BrokerKind, Settings
from services.common.store.embedded_access import LOOPBACK, with_socket


def trade() -> None:
    """Write Freqtrade's configuration from the settings and become `freqtrade trade`.

    For machines and containers on which the services run by themselves. Dry-run by default; live trading
    needs what `up` needs.

    Example: DRY_RUN=true ./cryptoboy trade
    """
    refuse_variables_about_money(os.environ)
    settings = Settings.load()
    check_trading(settings)
    refuse_demo_news(settings, lambda text: print(f"cryptoboy: {text}", file=sys.stderr))
    if not settings.dry_run:
        confirm_live_trading(settings)
    run_dir = settings.state_dir.resolve() / "trade"
    run_dir.mkdir(parents=True, exist_ok=True)
    if settings.broker is BrokerKind.EMBEDDED and settings.redis_host in LOOPBACK:
        settings = with_socket(settings)
    spec = Stack(settings, run_dir, alone=True).freqtrade(throttle_seconds=5)
    for line in beside_the_settings(os.environ):
        print(f"cryptoboy: {line}", file=sys.stderr, flush=True)
    os.execve(spec.argv[0], list(spec.argv), dict(spec.environ))  # noqa: S606 - our own program, no shell
