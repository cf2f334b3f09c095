"""Checks of trading: the exchange, Freqtrade's configuration, and what live trading requires."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from services.common.errors import StopProgram
from services.common.freqtrade_variables import refuse_variables_about_money
from services.common.secrets.secret_texts import public_part
from services.common.settings.settings import Settings
from services.launch.freqtrade.config import freqtrade_config
from services.launch.live.findings import Finding, Severity
from services.launch.live.gate import live_checks
from services.operations.checks.check import Question, installed


def exchange_questions(settings: Settings) -> list[Question]:
    """The check whether the exchange answers and trades the pairs."""
    remedy = "check the network; EXCHANGE, EXCHANGE_CONFIG and TRADING_PAIRS say what is asked for"
    return [Question(f"exchange {settings.exchange}", lambda: asyncio.run(_markets(settings)), remedy)]


def freqtrade_questions(settings: Settings) -> list[Question]:
    """The checks of Freqtrade's configuration and, for live trading, of everything that live trading requires."""
    live = {} if settings.dry_run else live_checks(settings, os.environ)
    return [
        Question(
            "freqtrade configuration", partial(_freqtrade, settings), "correct the variables that it names"
        ),
        *(Question(f"live trading: {name}", partial(_live, check), "") for name, check in live.items()),
    ]


async def _markets(settings: Settings) -> str:
    with installed("trade", required=not settings.dry_run):
        import ccxt.async_support as ccxt

    if settings.exchange not in ccxt.exchanges:
        raise StopProgram(f"ccxt knows no exchange {settings.exchange!r}")
    exchange = getattr(ccxt, settings.exchange)(
        {"timeout": 15_000, **public_part(settings.exchange_config.get_secret_value())}
    )
    try:
        markets = await exchange.load_markets()
    finally:
        await exchange.close()
    missing = [pair for pair in settings.market_pairs if pair not in markets]
    if missing:
        raise RuntimeError(f"{settings.exchange} does not trade {', '.join(missing)}; correct TRADING_PAIRS")
    return f"{len(markets)} markets, {', '.join(settings.market_pairs) or 'none asked for'} among them"


def _freqtrade(settings: Settings) -> str:
    with installed("trade", required=not settings.dry_run):
        from freqtrade.configuration.config_validation import validate_config_schema

    refuse_variables_about_money(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        validate_config_schema(freqtrade_config(settings, database=Path(folder) / "trades.sqlite"))
    return f"valid, {'dry-run' if settings.dry_run else 'LIVE'}, timeframe {settings.strategy_timeframe}"


def _live(check: Callable[[], Sequence[Finding]]) -> str:
    found = check()
    shown = "\n".join(map(str, found))
    if any(each.severity is not Severity.NOTE for each in found):
        raise StopProgram(shown)
    return shown or "nothing is against it"
