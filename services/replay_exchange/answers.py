"""Encodes candles, order books and prices as Binance's JSON.

The functions are pure; times are wall-clock milliseconds.
"""

from __future__ import annotations

from typing import Any

from services.replay_exchange.aggregation import Kline
from services.replay_exchange.decimals import as_text, unit_text
from services.replay_exchange.market import Market

Json = dict[str, Any]
Book = tuple[list[list[str]], list[list[str]]]

# The recording has no order book. Each level offers this much of the quote currency, enough for any dry run.
LEVEL_WORTH = 50_000.0
NO_TRADE = -1


def kline_row(kline: Kline) -> list[Any]:
    """Return the twelve columns of a REST kline.

    Half of the volume is reported as taker buys, because the recording does not contain their share.
    """
    bar = kline.bar
    return [
        kline.open_ms,
        as_text(bar.open),
        as_text(bar.high),
        as_text(bar.low),
        as_text(bar.close),
        as_text(bar.volume),
        kline.close_ms,
        as_text(kline.quote_volume),
        kline.trades,
        as_text(bar.volume / 2),
        as_text(kline.quote_volume / 2),
        "0",
    ]


def kline_event(symbol: str, interval: str, kline: Kline, now_ms: int) -> Json:
    """Return a candle as a websocket event."""
    _, *prices, volume, _, quote_volume, trades, bought, bought_quote, ignored = kline_row(kline)
    opened, high, low, close = prices
    return {
        "e": "kline",
        "E": now_ms,
        "s": symbol,
        "k": {
            "t": kline.open_ms,
            "T": kline.close_ms,
            "s": symbol,
            "i": interval,
            "f": NO_TRADE,
            "L": NO_TRADE,
            "o": opened,
            "c": close,
            "h": high,
            "l": low,
            "v": volume,
            "n": trades,
            "x": kline.closed,
            "q": quote_volume,
            "V": bought,
            "Q": bought_quote,
            "B": ignored,
        },
    }


def book(market: Market, now_ms: int, levels: int) -> Book:
    """Return the bids and asks around the last price, one tick apart.

    The best bid is the last price, and the best ask is one tick above it. Both lists are empty if there is no price.
    """
    price = market.last_price(now_ms)
    if price is None:
        return [], []
    ticks = round(price * 10**market.series.price_places)
    bids = [_level(market, ticks - step) for step in range(levels) if ticks - step > 0]
    asks = [_level(market, ticks + 1 + step) for step in range(levels)]
    return bids, asks


def _level(market: Market, ticks: int) -> list[str]:
    price = ticks / 10**market.series.price_places
    unit = float(unit_text(market.series.volume_places))
    quantity = max(unit, round(LEVEL_WORTH / price, market.series.volume_places))
    return [as_text(price), as_text(quantity)]


def depth(market: Market, now_ms: int, levels: int) -> Json:
    """Return an order book with at most `levels` levels on each side."""
    bids, asks = book(market, now_ms, levels)
    return {"lastUpdateId": now_ms, "bids": bids, "asks": asks}


def price_ticker(market: Market, now_ms: int) -> Json:
    """Return the answer with the last price."""
    return {"symbol": market.symbol, "price": as_text(market.last_price(now_ms) or 0.0)}


def average_price(market: Market, now_ms: int) -> Json:
    """Return the answer with the average price, for which the last price is used instead of a five-minute average."""
    return {"mins": 5, "price": as_text(market.last_price(now_ms) or 0.0), "closeTime": now_ms}


def book_ticker(market: Market, now_ms: int) -> Json:
    """Return the answer with the best bid and ask."""
    bid, ask = best(market, now_ms)
    return {
        "symbol": market.symbol,
        "bidPrice": bid[0],
        "bidQty": bid[1],
        "askPrice": ask[0],
        "askQty": ask[1],
    }


def book_ticker_event(market: Market, now_ms: int) -> Json:
    """Return the best bid and ask as a websocket event."""
    bid, ask = best(market, now_ms)
    return {"u": now_ms, "s": market.symbol, "b": bid[0], "B": bid[1], "a": ask[0], "A": ask[1]}


def best(market: Market, now_ms: int) -> tuple[list[str], list[str]]:
    """Return the best bid and the best ask, each as [price, quantity]. The values are zero if there is no price."""
    bids, asks = book(market, now_ms, 1)
    nothing = [as_text(0.0), as_text(0.0)]
    return (bids or [nothing])[0], (asks or [nothing])[0]
