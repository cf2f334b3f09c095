"""Determines which websocket events are due on each stream.

The functions are pure; times are wall-clock milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.replay_exchange.answers import Json, book_ticker_event, depth, kline_event
from services.replay_exchange.day_tickers import day_ticker_event, mini_day_ticker_event
from services.replay_exchange.faults import Channel, Faults
from services.replay_exchange.intervals import INTERVAL_MS, MONTH, next_open, open_of
from services.replay_exchange.market import Market

KLINE_UPDATE_MS = 2000
OTHER_UPDATE_MS = 1000
CATCH_UP = 1000
"""The maximum number of candles sent at once after a jump of the clock. The others follow at the next polls."""

_DEPTHS = {f"depth{levels}{speed}": levels for levels in (5, 10, 20) for speed in ("", "@100ms")}
_KLINES = {f"kline_{interval}": interval for interval in (*INTERVAL_MS, MONTH)}


class Kind(StrEnum):
    """The kinds of streams that are replayed."""

    KLINE = "kline"
    TICKER = "ticker"
    MINI_TICKER = "miniTicker"
    BOOK_TICKER = "bookTicker"
    PARTIAL_DEPTH = "partialDepth"


@dataclass(frozen=True)
class Stream:
    """The parsed name of a stream, such as btcusdt@kline_1m."""

    symbol: str
    kind: Kind
    interval: str = ""
    levels: int = 0


@dataclass(frozen=True)
class Cursor:
    """The position up to which a stream has been sent.

    Attributes:
        next_open_ms: all candles that open before this time have been sent as closed.
        due_ms: the time at which the next event may be sent.
    """

    next_open_ms: int
    due_ms: int


def parse_stream(name: str) -> Stream | None:
    """Parse the name of a stream; None if this exchange does not replay such a stream."""
    symbol, _, what = name.partition("@")
    if not symbol.isascii() or symbol != symbol.lower():
        return None
    if what in _KLINES:
        return Stream(symbol.upper(), Kind.KLINE, interval=_KLINES[what])
    if what in _DEPTHS:
        return Stream(symbol.upper(), Kind.PARTIAL_DEPTH, levels=_DEPTHS[what])
    if what in {Kind.TICKER, Kind.MINI_TICKER, Kind.BOOK_TICKER}:
        return Stream(symbol.upper(), Kind(what))
    return None


def begin(stream: Stream, now_ms: int) -> Cursor:
    """Return the cursor of a stream that is subscribed now. A stream of candles begins with the forming candle."""
    return Cursor(open_of(stream.interval, now_ms) if stream.kind is Kind.KLINE else now_ms, now_ms)


def due(
    stream: Stream, market: Market, cursor: Cursor, now_ms: int, faults: Faults
) -> tuple[list[Json], Cursor]:
    """Return the events to send now, oldest first, and the cursor to use afterwards."""
    if now_ms < cursor.due_ms:
        return [], cursor
    if stream.kind is Kind.KLINE:
        return _due_klines(stream, market, cursor, now_ms, faults)
    later = Cursor(now_ms, now_ms + OTHER_UPDATE_MS)
    return ([_snapshot(stream, market, now_ms)] if market.is_replaying(now_ms) else []), later


def _due_klines(
    stream: Stream, market: Market, cursor: Cursor, now_ms: int, faults: Faults
) -> tuple[list[Json], Cursor]:
    rows = market.klines(stream.interval, now_ms, start_ms=cursor.next_open_ms, limit=CATCH_UP)
    events = [
        kline_event(market.symbol, stream.interval, row, now_ms)
        for row in rows
        if (row.closed or market.is_replaying(now_ms))
        and not faults.hides(market.symbol, row.open_ms, Channel.WEBSOCKET)
    ]
    closed_until = max((row.close_ms + 1 for row in rows if row.closed), default=cursor.next_open_ms)
    next_close_ms = next_open(stream.interval, open_of(stream.interval, now_ms))
    due_ms = now_ms if len(rows) == CATCH_UP else min(now_ms + KLINE_UPDATE_MS, next_close_ms)
    return events, Cursor(closed_until, due_ms)


def _snapshot(stream: Stream, market: Market, now_ms: int) -> Json:
    if stream.kind is Kind.TICKER:
        return day_ticker_event(market, now_ms)
    if stream.kind is Kind.MINI_TICKER:
        return mini_day_ticker_event(market, now_ms)
    if stream.kind is Kind.BOOK_TICKER:
        return book_ticker_event(market, now_ms)
    return depth(market, now_ms, stream.levels)
