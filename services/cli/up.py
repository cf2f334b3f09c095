"""`cryptoboy up`: the whole system on live feeds and the live exchange, dry-run unless told otherwise."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import Any

from services.cli.freqtrade_config import STRATEGY
from services.cli.options import Broker, settings_for
from services.cli.stack import Stack
from services.cli.supervisor import ProcessSpec, Supervisor
from services.common.errors import StopProgram
from services.common.settings import BrokerKind, Settings

START_TIMEOUT_SECONDS = 120.0
CONFIRMATION = "trade with real money"
_CONFIG_STATUS = 78
_LONGEST_PAUSE_SECONDS = 60.0


def up(broker: Broker = None) -> None:
    """Run everything on this machine: services, Freqtrade and, embedded, queue and Redis.

    Dry-run by default. Live trading needs DRY_RUN=false, BINANCE_API_KEY, BINANCE_API_SECRET, and a
    confirmation typed at the terminal (or, without one, LIVE_TRADING_CONFIRMATION).

    Example: ./cryptoboy up
    """
    settings = settings_for(broker)
    if not settings.dry_run:
        confirm_live_trading(settings)
    signal.signal(signal.SIGTERM, _as_keyboard_interrupt)
    run_dir = settings.state_dir.resolve() / "up"
    run_dir.mkdir(parents=True, exist_ok=True)
    stack = Stack(settings.changed(state_dir=settings.state_dir.resolve()), run_dir)
    with Supervisor(run_dir / "logs") as supervisor:
        try:
            _run(stack, supervisor, run_dir)
        except KeyboardInterrupt:
            _say("stopping; the message in hand is finished first")


def confirm_live_trading(settings: Settings) -> None:
    """Raise StopProgram unless keys are there and a person types the confirmation."""
    if settings.binance_api_key is None or settings.binance_api_secret is None:
        raise StopProgram("DRY_RUN=false needs BINANCE_API_KEY and BINANCE_API_SECRET; or set DRY_RUN=true")
    if settings.live_trading_confirmation == CONFIRMATION:
        return
    if not sys.stdin.isatty():
        raise StopProgram(
            "live trading is confirmed at a terminal, and this is none; run it in one, or set "
            f"LIVE_TRADING_CONFIRMATION='{CONFIRMATION}'"
        )
    sys.stderr.write(
        f"{STRATEGY} will trade {', '.join(settings.trading_pairs)} on {settings.exchange} with up to "
        f"{settings.max_open_trades} x {settings.stake_amount:g} {settings.stake_currency} of real money.\n"
        f"Type '{CONFIRMATION}' to go on: "
    )
    sys.stderr.flush()
    if sys.stdin.readline().strip() != CONFIRMATION:
        raise StopProgram("not confirmed; nothing was started")


def _run(stack: Stack, supervisor: Supervisor, run_dir: Path) -> None:
    settings = stack.settings
    programs: list[ProcessSpec] = []
    if settings.broker is BrokerKind.EMBEDDED:
        store = stack.store(run_dir / "redis.json")
        supervisor.start(store)
        supervisor.wait_ready([store], START_TIMEOUT_SECONDS)
        programs.append(store)
    others = [*stack.services(), stack.freqtrade(throttle_seconds=5)]
    for spec in others:
        supervisor.start(spec)
    programs += others
    mode = "DRY-RUN" if settings.dry_run else "LIVE, with real money"
    _say(
        f"{mode}: {', '.join(settings.trading_pairs)} on {settings.exchange}; scorer {settings.sentiment_scorer.value}"
    )
    _say(f"logs: {run_dir / 'logs'}   Redis: {settings.redis_host}:{settings.redis_port}")
    _say(
        f"Freqtrade's API: http://127.0.0.1:{settings.freqtrade_api_port} (credentials in {run_dir}/freqtrade.json)"
    )
    _say("./cryptoboy sentiment and ./cryptoboy queues show what is going on; Ctrl-C stops everything")
    _watch(supervisor, programs)


def _watch(supervisor: Supervisor, programs: list[ProcessSpec]) -> None:
    """Start again what ends, with growing pauses; tell once when everything is ready."""
    by_name = {spec.name: spec for spec in programs}
    pauses = dict.fromkeys(by_name, 1.0)
    due: dict[str, float] = {}
    told = False
    while True:
        for name, status in supervisor.ended().items():
            if status == _CONFIG_STATUS:
                raise StopProgram(f"{name} cannot work as it is configured. {supervisor.tail(name)}")
            _say(f"{name} ended with status {status}; starting it again in {pauses[name]:.0f} s")
            due[name] = time.monotonic() + pauses[name]
            pauses[name] = min(pauses[name] * 2, _LONGEST_PAUSE_SECONDS)
        for name in [name for name, at in due.items() if at <= time.monotonic()]:
            del due[name]
            supervisor.start(by_name[name])
        if not told and not due and all(spec.is_ready() for spec in programs):
            told = True
            _say("everything is ready")
        time.sleep(1.0)


def _say(text: str) -> None:
    sys.stderr.write(f"cryptoboy: {text}\n")
    sys.stderr.flush()


def _as_keyboard_interrupt(_number: int, _frame: Any) -> None:  # noqa: ANN401 - a frame
    raise KeyboardInterrupt
