"""The steps of `up` and `trade` before a program starts, including the confirmation of live trading."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import Annotated

import typer

from services.cli.support.answers import say
from services.common.errors import StopProgram
from services.common.secrets.private import close_folder
from services.common.settings.settings import BrokerKind, Settings
from services.common.settings.trading import UNLIMITED, UNLIMITED_TRADES
from services.common.store.embedded.access import LOOPBACK, with_socket
from services.launch.freqtrade.config import STRATEGY, with_api_secrets
from services.launch.freqtrade.trading_checks import check_trading
from services.launch.live.gate import check_live
from services.launch.stack import Stack

CONFIRMATION = "trade with real money"

IKnow = Annotated[
    bool,
    typer.Option(
        "--i-know",
        help="For exchanges that do not report it: you have checked that the keys cannot withdraw.",
    ),
]


def prepare_feeds(settings: Settings, command: str) -> Stack:
    """The programs of a run in the folder STATE_DIR/`command` that does not trade: all but Freqtrade."""
    return Stack(_with_folder(settings), settings.state_dir.resolve() / command, has_bot=False)


def prepare_stack(settings: Settings, command: str, *, i_know: bool, alone: bool = False) -> Stack:
    """The programs of a run in the folder STATE_DIR/`command`; live trading is first checked and confirmed.

    Raises:
        StopProgram: Freqtrade cannot trade with these settings, or they are not allowed for live trading.
        TryLater: a server that must be asked before live trading does not answer.
    """
    check_trading(settings)
    settings = with_api_secrets(_with_folder(settings))
    stack = Stack(settings, settings.state_dir / command, alone=alone)
    if settings.dry_run:
        return stack
    may_enter = check_live(settings, stack.trades_file, os.environ, say, i_know=i_know)
    confirm_live_trading(settings)
    return replace(stack, may_enter=may_enter)


def _with_folder(settings: Settings) -> Settings:
    """The settings with the absolute STATE_DIR, closed to other users, and the socket of the embedded Redis in it."""
    settings = settings.changed(state_dir=settings.state_dir.resolve())
    if changed := close_folder(settings.state_dir):
        say(changed)
    if settings.broker is BrokerKind.EMBEDDED and settings.redis_host in LOOPBACK:
        settings = with_socket(settings)
    return settings


def confirm_live_trading(settings: Settings) -> None:
    """Raise StopProgram unless keys are set and live trading is confirmed, either by typing or in the settings."""
    check_trading(settings)
    if settings.live_trading_confirmation == CONFIRMATION:
        return
    if not sys.stdin.isatty():
        raise StopProgram(
            "live trading is confirmed at a terminal, and this is none; run it in one, or set "
            f"LIVE_TRADING_CONFIRMATION='{CONFIRMATION}'"
        )
    sys.stderr.write(
        f"{STRATEGY} will trade {', '.join(settings.market_pairs)} on {settings.exchange} with up to "
        f"{_at_stake(settings)} of real money.\n"
        f"Type '{CONFIRMATION}' to go on: "
    )
    sys.stderr.flush()
    if sys.stdin.readline().strip() != CONFIRMATION:
        raise StopProgram("not confirmed; nothing was started")


def _at_stake(settings: Settings) -> str:
    if settings.stake_amount == UNLIMITED:
        return f"all {settings.stake_currency} of the account"
    trades = (
        "any number of trades" if settings.max_open_trades == UNLIMITED_TRADES else settings.max_open_trades
    )
    return f"{trades} x {settings.stake_amount:g} {settings.stake_currency}"
