"""Checks whether an exchange and its pairs can be streamed. Each error message names the setting to change."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from services.common.errors import StopProgram
from services.common.values import timeframe_seconds

_SUGGESTIONS = 3


def check_exchange_known(exchange: str, known: Collection[str]) -> None:
    """Raise StopProgram unless ccxt.pro supports the exchange."""
    if exchange in known:
        return
    near = difflib.get_close_matches(exchange, known, _SUGGESTIONS, 0.6)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(sorted(known))}."
    raise StopProgram(f"EXCHANGE={exchange}: ccxt.pro knows no such exchange. {hint}")


def check_candles_offered(exchange: str, has: Mapping[str, Any]) -> None:
    """Raise StopProgram unless the exchange offers candles over REST, which are needed to fill gaps."""
    if not has.get("fetchOHLCV"):
        raise StopProgram(
            f"EXCHANGE={exchange}: it offers no candles over REST, so gaps could not be filled. "
            "Choose another exchange."
        )


def check_timeframe_offered(exchange: str, timeframe: str, offered: Mapping[str, Any] | None) -> None:
    """Raise StopProgram unless the exchange offers the timeframe. If it lists no timeframes, the check passes."""
    if offered and timeframe not in offered:
        lengths = ", ".join(sorted(filter(_is_ours, offered), key=timeframe_seconds))
        raise StopProgram(f"CANDLE_TIMEFRAME={timeframe}: {exchange} has candles of {lengths} only.")


def _is_ours(timeframe: str) -> bool:
    try:
        return timeframe_seconds(timeframe) > 0
    except ValueError:  # such as a month, which has no fixed length
        return False


def refused_pairs(
    exchange: str, pairs: Sequence[str], markets: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """Return the pairs that are not active spot markets, each with the reason."""
    usable = {symbol for symbol, market in markets.items() if _is_active_spot(market)}
    refused = {}
    for pair in pairs:
        if pair in usable:
            continue
        market = markets.get(pair)
        if market is None:
            problem = f"{exchange} has no such market"
        elif not market.get("spot"):
            problem = f"on {exchange} it is a {market.get('type') or 'derivatives'} market, not a spot market"
        else:
            problem = f"{exchange} has ended or halted trading in it"
        near = _near(pair, usable)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        refused[pair] = f"{problem}{hint}"
    return refused


def _is_active_spot(market: Mapping[str, Any]) -> bool:
    return bool(market.get("spot")) and market.get("active") is not False


def _near(pair: str, usable: Collection[str]) -> list[str]:
    base = pair.partition("/")[0]
    same_base = [symbol for symbol in usable if symbol.startswith(f"{base}/")]
    # Pairs with the same quote currency are similar by half, whatever their coins.
    likeness = 0.5 if same_base else 0.8
    return difflib.get_close_matches(pair, same_base or usable, _SUGGESTIONS, likeness)
