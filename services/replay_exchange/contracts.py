"""The REST endpoints of perpetual contracts. A contract is paid in the quote currency of its pair.

What a recording of candles does not have follows from it: the mark price is the last price, and funding costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.replay_exchange.answers import Json
from services.replay_exchange.api_errors import Query, chosen_markets, limit_of, whole_number
from services.replay_exchange.decimals import as_text
from services.replay_exchange.exchange_info import ASSET_PRECISION, filters, limits_of_requests
from services.replay_exchange.faults import FaultSwitches
from services.replay_exchange.intervals import HOUR_MS
from services.replay_exchange.market import Market
from services.replay_exchange.rest import Answer, RestApi

FUNDING_MS = 8 * HOUR_MS
MOST_RATES = 1000
# ccxt takes a contract with this date of delivery for a perpetual one.
_NEVER_MS = 4_133_404_800_000
_NO_RATE = "0.00000000"
_ORDER_TYPES = ("LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET")


class ContractApi:
    """Binance's public endpoints of USD-margined futures for the given markets, which are keyed by symbol."""

    def __init__(self, contracts: Mapping[str, Market], faults: FaultSwitches) -> None:
        self._contracts = contracts
        self._rest = RestApi(contracts, faults)

    def paths(self) -> dict[str, Answer]:
        """Return the supported paths, each with the function that computes its answer."""
        endpoints = self._rest.endpoints()
        endpoints |= {
            "exchangeInfo": self._exchange_info,
            "markPriceKlines": endpoints["klines"],
            "fundingRate": self._funding_rates,
            "fundingInfo": lambda _query, _now: [],
            "premiumIndex": self._premium_index,
        }
        return {f"/fapi/{version}/{name}": endpoints[name] for version in ("v1", "v2") for name in endpoints}

    def _exchange_info(self, query: Query, now_ms: int) -> object:
        contracts, _ = chosen_markets(self._contracts, query)
        return {
            "timezone": "UTC",
            "serverTime": now_ms,
            "rateLimits": limits_of_requests(),
            "exchangeFilters": [],
            "symbols": [contract_info(contract) for contract in contracts],
        }

    def _funding_rates(self, query: Query, now_ms: int) -> object:
        contracts, _ = chosen_markets(self._contracts, query)
        limit = limit_of(query, default=100, most=MOST_RATES)
        start_ms, end_ms = whole_number(query, "startTime"), whole_number(query, "endTime")
        rates: list[Json] = []
        for contract in contracts:
            last = min(now_ms, contract.end_ms, now_ms if end_ms is None else end_ms) // FUNDING_MS
            first = -(-max(contract.start_ms, start_ms or 0) // FUNDING_MS)
            times = range(first, last + 1)
            times = times[-limit:] if start_ms is None else times[:limit]
            rates += [
                {"symbol": contract.symbol, "fundingTime": time * FUNDING_MS, "fundingRate": _NO_RATE}
                for time in times
            ]
        return rates

    def _premium_index(self, query: Query, now_ms: int) -> object:
        contracts, as_list = chosen_markets(self._contracts, query)
        answers = [_premium(contract, now_ms) for contract in contracts]
        return answers if as_list else answers[0]


def contract_info(contract: Market) -> Json:
    """Return the entry of one contract in the answer to exchangeInfo."""
    return {
        "symbol": contract.symbol,
        "pair": contract.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": _NEVER_MS,
        "onboardDate": contract.start_ms,
        "status": "TRADING",
        "baseAsset": contract.base_asset,
        "quoteAsset": contract.quote_asset,
        "marginAsset": contract.quote_asset,
        "pricePrecision": contract.series.price_places,
        "quantityPrecision": contract.series.volume_places,
        "baseAssetPrecision": ASSET_PRECISION,
        "quotePrecision": ASSET_PRECISION,
        "underlyingType": "COIN",
        "orderTypes": list(_ORDER_TYPES),
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
        "filters": filters(contract),
    }


def _premium(contract: Market, now_ms: int) -> Json:
    price = as_text(contract.last_price(now_ms) or 0.0)
    return {
        "symbol": contract.symbol,
        "markPrice": price,
        "indexPrice": price,
        "estimatedSettlePrice": price,
        "lastFundingRate": _NO_RATE,
        "interestRate": _NO_RATE,
        "nextFundingTime": (now_ms // FUNDING_MS + 1) * FUNDING_MS,
        "time": now_ms,
    }
