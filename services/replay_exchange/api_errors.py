"""Binance's error answers, and the functions that parse query parameters and raise these errors."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from services.replay_exchange.market import Market

_DIGITS = re.compile(r"[0-9]{1,20}", re.ASCII)
_LARGEST = 2**63 - 1
Query = Mapping[str, str]


class ApiError(Exception):
    """A rejected request. As on Binance, the answer has HTTP status 400, a code and a message."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def mandatory(query: Query, name: str) -> str:
    """Return the value of a required parameter. Raises ApiError -1102 or -1105."""
    if name not in query:
        raise ApiError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    if not query[name]:
        raise ApiError(-1105, f"Parameter '{name}' was empty.")
    return query[name]


def whole_number(query: Query, name: str) -> int | None:
    """Parse a parameter that consists of digits; None if it was not sent. Raises ApiError -1100 or -1105.

    A number that does not fit in a signed 64-bit integer is replaced by the largest such integer.
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
    """Return the `limit` parameter, or `most` if that is smaller; the default if the parameter is absent or 0."""
    return min(whole_number(query, "limit") or default, most)


def find_market(markets: Mapping[str, Market], symbol: str) -> Market:
    """Return the market of a symbol such as BTCUSDT. Raises ApiError -1121 if there is no such market."""
    try:
        return markets[symbol]
    except KeyError:
        raise ApiError(-1121, "Invalid symbol.") from None


def chosen_markets(markets: Mapping[str, Market], query: Query) -> tuple[list[Market], bool]:
    """Return the requested markets, and whether the answer is a list.

    The parameter `symbol`, or `symbols` (a JSON list), names the markets. Without either, all markets are returned.
    """
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
