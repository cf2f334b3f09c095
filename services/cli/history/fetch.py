"""`cryptoboy history fetch`: fetches candles with Freqtrade's download command."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.support import options
from services.cli.support.answers import print_json
from services.common.errors import StopProgram
from services.common.secrets.secret_texts import public_part
from services.common.settings.reach import Part
from services.common.settings.settings import Settings

if TYPE_CHECKING:
    from services.research.candles import Candles


def fetch_history(
    out: Annotated[
        Path, typer.Option(help="Directory for files such as BTC_USDT-1h.feather.", show_default=False)
    ],
    start: options.From = None,
    end: options.To = None,
    timeframes: Annotated[
        list[str] | None,
        typer.Option("--timeframe", help="May be repeated. Default: STRATEGY_TIMEFRAME.", show_default=False),
    ] = None,
    pairs: options.Pairs = None,
    json_output: options.Json = False,
) -> None:
    """Fetch candles with `freqtrade download-data` from the exchange of the settings (EXCHANGE, EXCHANGE_CONFIG).

    The files appear once all of them are complete and usable. Freqtrade's own log goes to stderr.

    Example: ./cryptoboy history fetch --out candles --timeframe 1h --from 2025-05-01 --to 2025-07-01
    """
    from services.research.history.fetching import FetchOptions, fetch_candles

    settings = options.load_settings(_USED)
    if not settings.reaches(Part.EXCHANGE):
        raise StopProgram(
            "this container has no connection to the exchange (OUT_OF_REACH): run this on a machine that has one"
        )
    first, last = options.read_period(start, end)
    if first is None:
        raise StopProgram("say from when: --from 2025-05-01")
    chosen = options.read_pairs(pairs) or settings.market_pairs
    if not chosen:
        raise StopProgram(
            "TRADING_PAIRS has assets and no pair, and only pairs have candles: name some with --pairs"
        )
    request = FetchOptions(
        out=out,
        pairs=chosen,
        timeframes=tuple(
            dict.fromkeys(map(options.read_timeframe, timeframes or (settings.strategy_timeframe,)))
        ),
        start=first,
        end=last,
    )
    found = fetch_candles(request, _config(settings), os.environ, _REDACTED)
    if json_output:
        print_json({"directory": out, "files": [_as_json(candles) for candles in found]})
        return
    for candles in found:
        facts = _as_json(candles)
        print(
            f"{facts['file']}: {facts['candles']} candles from {facts['start']} to {facts['end']}, "
            f"{facts['missing']} missing."
        )
        if candles.start - first >= candles.length:
            print(f"  The exchange has nothing before {candles.start.isoformat()}.")


_AS_WE_ARE = ("-P",) if sys.flags.safe_path else ()
_REDACTED = (sys.executable, *_AS_WE_ARE, "-m", "services.launch.freqtrade.bot")
"""The command that runs Freqtrade and removes secrets from its output, since Freqtrade logs ccxt's configuration."""
_USED = frozenset(
    {"exchange", "exchange_config", "stake_currency", "strategy_timeframe", "trading_pairs", "out_of_reach"}
)


def _config(settings: Settings) -> dict[str, Any]:
    """The configuration that a download needs; its only secret is the password of a proxy, if there is one."""
    from services.launch.freqtrade.config import freqtrade_config

    whole = freqtrade_config(settings.changed(dry_run=True), database=Path("unused"))
    needed = ("dry_run", "exchange", "pairlists", "stake_currency", "trading_mode")
    whole["exchange"]["ccxt_config"] = public_part(whole["exchange"]["ccxt_config"])
    return {name: whole[name] for name in needed}


def _as_json(candles: Candles) -> dict[str, Any]:
    return {
        "pair": candles.pair,
        "timeframe": candles.timeframe,
        "file": str(candles.path),
        "candles": len(candles.frame),
        "start": candles.start.isoformat(),
        "end": candles.end.isoformat(),
        "missing": sum(gap.missing for gap in candles.gaps),
        "gaps": len(candles.gaps),
    }
