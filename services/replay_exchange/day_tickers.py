"""Encodes the statistics of the last 24 hours as Binance's JSON.

The functions are pure; times are wall-clock milliseconds.
"""

from __future__ import annotations

from services.replay_exchange.answers import NO_TRADE, Json, best
from services.replay_exchange.decimals import as_text
from services.replay_exchange.intervals import DAY_MS
from services.replay_exchange.market import DayStatistics, Market


def day_ticker(market: Market, now_ms: int) -> Json:
    """Return the statistics of the last 24 hours. All are zero if nothing was recorded in that time."""
    day = market.day(now_ms)
    bid, ask = best(market, now_ms)
    return {
        "symbol": market.symbol,
        **_day_changes(day),
        **_day_prices(day),
        "bidPrice": bid[0],
        "bidQty": bid[1],
        "askPrice": ask[0],
        "askQty": ask[1],
        "openTime": now_ms - DAY_MS,
        "closeTime": now_ms,
        "firstId": NO_TRADE,
        "lastId": NO_TRADE,
        "count": day.trades if day else 0,
    }


def mini_day_ticker(market: Market, now_ms: int) -> Json:
    """Return the short form of `day_ticker`."""
    full = day_ticker(market, now_ms)
    kept = ("symbol", "openPrice", "highPrice", "lowPrice", "lastPrice", "volume", "quoteVolume", "openTime")
    return {name: full[name] for name in (*kept, "closeTime", "firstId", "lastId", "count")}


def _day_prices(day: DayStatistics | None) -> Json:
    bar = day.bar if day else None
    return {
        "openPrice": as_text(bar.open if bar else 0.0),
        "highPrice": as_text(bar.high if bar else 0.0),
        "lowPrice": as_text(bar.low if bar else 0.0),
        "lastPrice": as_text(bar.close if bar else 0.0),
        "volume": as_text(bar.volume if bar else 0.0),
        "quoteVolume": as_text(day.quote_volume if day else 0.0),
    }


def _day_changes(day: DayStatistics | None) -> Json:
    if day is None:
        change = percent = weighted = previous = 0.0
    else:
        change, previous = round(day.bar.close - day.bar.open, 8), day.previous_close
        percent = round(100 * change / day.bar.open, 3)
        weighted = round(day.quote_volume / day.bar.volume, 8) if day.bar.volume else day.bar.close
    return {
        "priceChange": as_text(change),
        "priceChangePercent": f"{percent:.3f}",
        "weightedAvgPrice": as_text(weighted),
        "prevClosePrice": as_text(previous),
        "lastQty": as_text(0.0),
    }


_EVENT_NAMES = {
    "symbol": "s",
    "priceChange": "p",
    "priceChangePercent": "P",
    "weightedAvgPrice": "w",
    "prevClosePrice": "x",
    "lastPrice": "c",
    "lastQty": "Q",
    "bidPrice": "b",
    "bidQty": "B",
    "askPrice": "a",
    "askQty": "A",
    "openPrice": "o",
    "highPrice": "h",
    "lowPrice": "l",
    "volume": "v",
    "quoteVolume": "q",
    "openTime": "O",
    "closeTime": "C",
    "firstId": "F",
    "lastId": "L",
    "count": "n",
}
_MINI_EVENT = ("symbol", "lastPrice", "openPrice", "highPrice", "lowPrice", "volume", "quoteVolume")


def day_ticker_event(market: Market, now_ms: int) -> Json:
    """Return `day_ticker` as a websocket event."""
    full = day_ticker(market, now_ms)
    return {"e": "24hrTicker", "E": now_ms} | {_EVENT_NAMES[name]: value for name, value in full.items()}


def mini_day_ticker_event(market: Market, now_ms: int) -> Json:
    """Return the short form of `day_ticker_event`."""
    full = day_ticker(market, now_ms)
    return {"e": "24hrMiniTicker", "E": now_ms} | {_EVENT_NAMES[name]: full[name] for name in _MINI_EVENT}
