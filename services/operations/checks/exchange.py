"""What `cryptoboy doctor` asks about trading: the exchange, Freqtrade's configuration, live trading."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from services.common.errors import StopProgram
from services.common.freqtrade_variables import refuse_variables_about_money
from services.common.secrets.secret_texts import public_part
from services.common.settings.settings import Settings

if TYPE_CHECKING:
    from services.launch.live.gate import LiveCheck


def markets_found(settings: Settings) -> str:
    """How many markets the exchange has. Raises where it does not answer or does not trade a pair of the settings."""
    import asyncio

    return asyncio.run(_load_markets(settings))


async def _load_markets(settings: Settings) -> str:
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
    missing = [pair for pair in settings.trading_pairs if pair not in markets]
    if missing:
        raise RuntimeError(f"{settings.exchange} does not trade {', '.join(missing)}; correct TRADING_PAIRS")
    return f"{len(markets)} markets, {', '.join(settings.trading_pairs)} among them"


def freqtrade_accepts(settings: Settings) -> str:
    """What Freqtrade would do. Raises where it refuses the configuration, or where its own variables are set."""
    from freqtrade.configuration.config_validation import validate_config_schema

    from services.launch.freqtrade.config import freqtrade_config

    refuse_variables_about_money(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        validate_config_schema(freqtrade_config(settings, database=Path(folder) / "trades.sqlite"))
    return f"valid, {'dry-run' if settings.dry_run else 'LIVE'}, timeframe {settings.strategy_timeframe}"


def live_trading(check: LiveCheck) -> str:
    """What a check found. Raises StopProgram where it refuses live trading, or could not be made."""
    from services.launch.live.findings import Severity

    found = check.findings()
    shown = "\n".join(map(str, found))
    if any(each.severity is not Severity.NOTE for each in found):
        raise StopProgram(shown)
    return shown or "nothing is against it"
