"""`cryptoboy up`: the whole system on live feeds and the live exchange, dry-run unless told otherwise."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from time import sleep as pause

from services.cli.support.options import Broker, IKnow, settings_for
from services.common.errors import StopProgram
from services.common.freqtrade_variables import refuse_variables_about_money
from services.common.secrets.private import close_folder
from services.common.settings.settings import BrokerKind, Settings
from services.common.settings.trading import UNLIMITED, UNLIMITED_TRADES
from services.common.store.embedded.access import with_socket
from services.common.store.redis.client import address_of
from services.demo.guard import refuse_demo_news
from services.launch.addresses import check_addresses, check_names
from services.launch.freqtrade.config import STRATEGY
from services.launch.freqtrade.open_trades import open_pairs
from services.launch.freqtrade.trading_checks import check_trading
from services.launch.freqtrade.trading_mode import beside_the_settings
from services.launch.live.gate import check_live
from services.launch.servers import MissingServers, servers_of
from services.launch.stack import Stack
from services.launch.supervisor import Supervisor
from services.launch.watch import Watch
from services.sentiment_analyzer.scorers.build import check_scorer_settings

STOPPING = (
    "stopping; the services finish their current messages first, and Freqtrade goes on until they have ended"
)
CONFIRMATION = "trade with real money"
LOOK_EVERY_SECONDS = 2.0


def up(broker: Broker = None, i_know: IKnow = False) -> None:
    """Run everything on this machine: services, Freqtrade and, embedded, queue and Redis.

    Dry-run by default. Live trading needs DRY_RUN=false, EXCHANGE_KEY, EXCHANGE_SECRET, servers with passwords,
    closed files, a clock that is right and keys that cannot withdraw, and a confirmation typed at the terminal (or,
    without one, LIVE_TRADING_CONFIRMATION). Everything that is missing is told at once.

    Example: ./cryptoboy up
    """
    refuse_variables_about_money(os.environ)
    settings = settings_for(broker)
    if settings.broker is not BrokerKind.EMBEDDED:
        refuse_demo_news(settings, _say)
    check_trading(settings)
    settings = settings.changed(state_dir=settings.state_dir.resolve())
    if changed := close_folder(settings.state_dir):
        _say(changed)
    if settings.broker is BrokerKind.EMBEDDED:
        settings = with_socket(settings)
    run_dir = settings.state_dir / "up"
    stack = Stack(settings, run_dir)
    if not settings.dry_run:
        stack = replace(stack, may_enter=begin_live_trading(stack, i_know=i_know))
    check_scorer_settings(settings)
    check_names(settings)
    check_addresses(settings)
    run_dir.mkdir(parents=True, exist_ok=True)
    refusals: list[str] = []
    with Supervisor(run_dir / "logs") as supervisor:
        try:
            refusals = _run(stack, supervisor, run_dir)
        except KeyboardInterrupt:
            _say(STOPPING)
    if refusals:
        raise StopProgram(
            "what could not work as it is configured when this was stopped:\n" + "\n".join(refusals)
        )


def begin_live_trading(stack: Stack, *, i_know: bool) -> bool:
    """Let real money be traded, or raise: see `check_live` and `confirm_live_trading`. Whether entries may be made."""
    check_trading(stack.settings)
    may_enter = check_live(stack.settings, stack.trades_file, os.environ, _say, i_know=i_know)
    confirm_live_trading(stack.settings)
    return may_enter


def confirm_live_trading(settings: Settings) -> None:
    """Raise StopProgram unless keys are there and a person types the confirmation."""
    check_trading(settings)
    if settings.live_trading_confirmation == CONFIRMATION:
        return
    if not sys.stdin.isatty():
        raise StopProgram(
            "live trading is confirmed at a terminal, and this is none; run it in one, or set "
            f"LIVE_TRADING_CONFIRMATION='{CONFIRMATION}'"
        )
    sys.stderr.write(
        f"{STRATEGY} will trade {', '.join(settings.trading_pairs)} on {settings.exchange} with up to "
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


def _run(stack: Stack, supervisor: Supervisor, run_dir: Path) -> list[str]:
    """Run everything until Ctrl-C; returns a line for each program that could not work in the end."""
    watch = _start(stack, supervisor, run_dir)
    missing = MissingServers(servers_of(stack.settings), _say)
    try:
        while True:
            missing.look(watch.look(monotonic()), monotonic())
            pause(LOOK_EVERY_SECONDS)
    except KeyboardInterrupt:
        _say(STOPPING)
    return watch.refusals()


def _start(stack: Stack, supervisor: Supervisor, run_dir: Path) -> Watch:
    settings = stack.settings
    store = [stack.store(run_dir / "redis.json")] if settings.broker is BrokerKind.EMBEDDED else []
    bot = stack.freqtrade(throttle_seconds=5)
    trades = open_pairs(stack.trades_file)
    if trades:
        _say(f"trades are open in {', '.join(sorted(trades))}: Freqtrade runs whatever the others do")
    programs = [*store, *stack.services(), bot]
    for spec in programs:
        supervisor.start(spec)
    mode = "DRY-RUN" if settings.dry_run else "LIVE, with real money"
    _say(
        f"{mode}: {', '.join(settings.trading_pairs)} on {settings.exchange}; scorer {settings.sentiment_scorer.value}"
    )
    for line in beside_the_settings(os.environ):
        _say(line)
    _say(f"logs: {run_dir / 'logs'}   Redis: {address_of(settings)}")
    _say(
        f"Freqtrade's API: http://127.0.0.1:{settings.freqtrade_api_port} (credentials in {run_dir}/freqtrade.json)"
    )
    _say("./cryptoboy sentiment and ./cryptoboy queues show what is going on; Ctrl-C stops everything")
    return Watch(supervisor, programs, _say, monotonic(), may_end=trades == frozenset())


def _say(text: str) -> None:
    # Whoever reads this may have gone away; the programs that run are not stopped for that.
    with suppress(OSError):
        sys.stderr.write(f"cryptoboy: {text}\n")
        sys.stderr.flush()
