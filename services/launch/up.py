"""Runs the whole system on one machine until it is stopped."""

from __future__ import annotations

import os
from collections.abc import Callable
from time import monotonic
from time import sleep as pause

from services.common.errors import StopProgram
from services.common.secrets.telegram_tokens import refuse_shared_bot
from services.common.services import API
from services.common.settings.settings import BrokerKind, Settings
from services.common.store.redis.client import address_of, block_line
from services.launch.freqtrade.open_trades import open_pairs
from services.launch.freqtrade.trading_mode import beside_the_settings
from services.launch.notifying import about_the_notifier
from services.launch.page import page_link
from services.launch.servers import MissingServers, servers_of
from services.launch.stack import Stack
from services.launch.supervisor import Supervisor
from services.launch.watch import Watch

LOOK_EVERY_SECONDS = 2.0
STOPPING = "stopping; the services finish their current messages first"


def run_until_stopped(stack: Stack, tell: Callable[[str], None]) -> None:
    """Start all programs, keep them running, and stop them in order at Ctrl-C.

    Args:
        stack: the programs, and the folder of this run.
        tell: shows a message.

    Raises:
        StopProgram: a program cannot work as it is configured. If no trade depends on the other programs, they are
            stopped at once; otherwise this is raised only after Ctrl-C.
    """
    refusals: list[str] = []
    with Supervisor(stack.run_dir / "logs") as supervisor:
        try:
            watch = _start(stack, supervisor, tell)
            missing = MissingServers(servers_of(stack.settings), tell)
            try:
                while True:
                    missing.look(watch.look(monotonic()), monotonic())
                    pause(LOOK_EVERY_SECONDS)
            finally:
                refusals = watch.refusals()
        except KeyboardInterrupt:
            tell(STOPPING + (", and Freqtrade goes on until they have ended" if stack.has_bot else ""))
    if refusals:
        raise StopProgram(
            "what could not work as it is configured when this was stopped:\n" + "\n".join(refusals)
        )


def _start(stack: Stack, supervisor: Supervisor, tell: Callable[[str], None]) -> Watch:
    settings, run_dir = stack.settings, stack.run_dir
    refuse_shared_bot(settings)
    store = [stack.store()] if settings.broker is BrokerKind.EMBEDDED else []
    bot = [stack.freqtrade(throttle_seconds=5)] if stack.has_bot else []
    trades = open_pairs(stack.trades_file) if bot else frozenset()
    if trades:
        tell(f"trades are open in {', '.join(sorted(trades))}: Freqtrade runs whatever the others do")
    programs = [*store, *stack.services(), *bot]
    for spec in programs:
        supervisor.start(spec)
    watch = Watch(supervisor, programs, tell, monotonic(), may_end=trades == frozenset())
    for spec in stack.watchers():
        watch.start(spec, monotonic())
    lines = [
        *(_about_the_bot(stack) if bot else _for_a_bot_of_ones_own(settings)),
        f"logs: {run_dir / 'logs'}   Redis: {address_of(settings)}",
        *([_about_the_page(settings)] if API in supervisor.pids() else []),
        about_the_notifier(settings, run_dir / "logs"),
        "./cryptoboy sentiment and ./cryptoboy queues show what is going on; Ctrl-C stops everything",
    ]
    for line in lines:
        tell(line)
    return watch


def _about_the_page(settings: Settings) -> str:
    try:
        return f"the page: {page_link(settings)} (opens once; ./cryptoboy serve shows another link)"
    except (OSError, StopProgram) as error:
        return f"the page has no link now ({error}); correct that, then ./cryptoboy serve shows one"


def _not_traded(settings: Settings) -> list[str]:
    assets = [name for name in settings.trading_pairs if name not in settings.market_pairs]
    return (
        [f"scored, but neither streamed nor traded, because they are no pairs: {', '.join(assets)}"]
        if assets
        else []
    )


def _about_the_bot(stack: Stack) -> list[str]:
    settings = stack.settings
    mode = "DRY-RUN" if settings.dry_run else "LIVE, with real money"
    credentials = stack.run_dir / "freqtrade.json"
    return [
        f"{mode}: {', '.join(settings.market_pairs)} on {settings.exchange}; scorer {settings.sentiment_scorer.value}",
        *_not_traded(settings),
        *beside_the_settings(os.environ),
        f"Freqtrade's API: http://127.0.0.1:{settings.freqtrade_api_port} (credentials in {credentials})",
    ]


def _for_a_bot_of_ones_own(settings: Settings) -> list[str]:
    return [
        f"without Freqtrade: {', '.join(settings.trading_pairs)}; scorer {settings.sentiment_scorer.value}",
        f"for the configuration of your own bot: {block_line(settings)}",
    ]
