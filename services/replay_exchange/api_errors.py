"""Binance's error answers, and the reading of query parameters that leads to them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from services.replay_exchange.market import Market

_DIGITS = re.compile(r"[0-9]{1,20}", re.ASCII)
_LARGEST = 2**63 - 1
Query = Mapping[str, str]


class ApiError(Exception):
    """A request that Binance answers with HTTP 400, a code and a message."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def mandatory(query: Query, name: str) -> str:
    """The value of a parameter that must be there. Raises ApiError -1102 or -1105."""
    if name not in query:
        raise ApiError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    if not query[name]:
        raise ApiError(-1105, f"Parameter '{name}' was empty.")
    return query[name]


def whole_number(query: Query, name: str) -> int | None:
    """A parameter of digits, or None when it was not sent. Raises ApiError -1100 or -1105.

    Twenty digits are more than 64 bits hold; a longer number counts as the largest.
    """
    if name not in query:
        return None
    text = mandatory(query, name)
    if not _DIGITS.fullmatch(text):
        raise ApiError(
            -1100,
            f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'.",
        )
    return min(int(text), _LARGEST)


def limit_of(query: Query, *, default: int, most: int) -> int:
    """The `limit` parameter: the default when absent or 0, never more than `most`."""
    return min(whole_number(query, "limit") or default, most)


def find_market(markets: Mapping[str, Market], symbol: str) -> Market:
    """The market of a symbol such as BTCUSDT. Raises ApiError -1121."""
    try:
        return markets[symbol]
    except KeyError:
        raise ApiError(-1121, "Invalid symbol.") from None


def chosen_markets(markets: Mapping[str, Market], query: Query) -> tuple[list[Market], bool]:
    """The markets that `symbol` or `symbols` (a JSON list) name, else all; and whether the answer is a list."""
    if "symbol" in query and "symbols" in query:
        raise ApiError(-1128, "Combination of optional parameters invalid.")
    if "symbol" in query:
        return [find_market(markets, mandatory(query, "symbol"))], False
    if "symbols" in query:
        return [find_market(markets, symbol) for symbol in _symbols(query)], True
    return list(markets.values()), True


def _symbols(query: Query) -> list[str]:
    try:
        symbols = json.loads(mandatory(query, "symbols"))
    except json.JSONDecodeError:
        symbols = None
    if not isinstance(symbols, list) or not all(isinstance(symbol, str) for symbol in symbols):
        raise ApiError(-1100, "Illegal characters found in parameter 'symbols'; legal range is a JSON list.")
    return symbols
