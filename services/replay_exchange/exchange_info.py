"""Builds the answer to exchangeInfo, which lists the markets and the trading rules that follow from a recording."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.replay_exchange.decimals import as_text, unit_text
from services.replay_exchange.market import Market

ASSET_PRECISION = 8
MAX_PRICE = 1e6
MAX_QUANTITY = 9e6
MAX_MARKET_QUANTITY = 1e5
# The smallest order value by quote currency. Any other quote currency is treated like a dollar.
_MIN_NOTIONAL = {"BTC": 0.0001, "ETH": 0.001, "BNB": 0.01}
_MIN_NOTIONAL_USD = 5.0
_ORDER_TYPES = ("LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")


def exchange_info(markets: Iterable[Market], now_ms: int) -> dict[str, Any]:
    """Return the whole answer."""
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "rateLimits": limits_of_requests(),
        "exchangeFilters": [],
        "symbols": [symbol_info(market) for market in markets],
    }


def limits_of_requests() -> list[dict[str, Any]]:
    """Return the limits of requests that are reported. None is enforced."""
    return [
        {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
        {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 61000},
    ]


def symbol_info(market: Market) -> dict[str, Any]:
    """Return the entry of one market in the answer."""
    return {
        "symbol": market.symbol,
        "status": "TRADING",
        "baseAsset": market.base_asset,
        "baseAssetPrecision": ASSET_PRECISION,
        "quoteAsset": market.quote_asset,
        "quotePrecision": ASSET_PRECISION,
        "quoteAssetPrecision": ASSET_PRECISION,
        "baseCommissionPrecision": ASSET_PRECISION,
        "quoteCommissionPrecision": ASSET_PRECISION,
        "orderTypes": list(_ORDER_TYPES),
        "icebergAllowed": True,
        "ocoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": filters(market),
        "permissions": ["SPOT"],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "NONE",
        "allowedSelfTradePreventionModes": ["NONE"],
    }


def filters(market: Market) -> list[dict[str, Any]]:
    """Return the trading rules.

    Tick size and step size are one unit in the last decimal place that the recording uses.
    """
    tick, step = unit_text(market.series.price_places), unit_text(market.series.volume_places)
    highest = max(MAX_PRICE, 100 * float(market.series.high.max(initial=0.0)))
    return [
        {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": as_text(highest), "tickSize": tick},
        {"filterType": "LOT_SIZE", "minQty": step, "maxQty": as_text(MAX_QUANTITY), "stepSize": step},
        {"filterType": "ICEBERG_PARTS", "limit": 10},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": as_text(0.0),
            "maxQty": as_text(MAX_MARKET_QUANTITY),
            "stepSize": as_text(0.0),
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": "5",
            "bidMultiplierDown": "0.2",
            "askMultiplierUp": "5",
            "askMultiplierDown": "0.2",
            "avgPriceMins": 5,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": as_text(_MIN_NOTIONAL.get(market.quote_asset, _MIN_NOTIONAL_USD)),
            "applyMinToMarket": True,
            "maxNotional": as_text(9e6),
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
    ]
