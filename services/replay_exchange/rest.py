"""The REST endpoints. Each answer is computed from the query and the current time only."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from services.replay_exchange import answers, day_tickers
from services.replay_exchange.api_errors import (
    ApiError,
    Query,
    chosen_markets,
    find_market,
    limit_of,
    mandatory,
    whole_number,
)
from services.replay_exchange.exchange_info import exchange_info
from services.replay_exchange.faults import Channel, FaultSwitches
from services.replay_exchange.market import Market

Answer = Callable[[Query, int], object]
"""A function that takes the query and the wall-clock time in milliseconds, returns JSON values, and may raise
ApiError."""

MOST_KLINES = 1000
MOST_LEVELS = 5000


class RestApi:
    """Binance's public spot endpoints for the given markets, which are keyed by symbol."""

    def __init__(self, markets: Mapping[str, Market], faults: FaultSwitches) -> None:
        self._markets = markets
        self._faults = faults

    def endpoints(self) -> dict[str, Answer]:
        """Return the names of the endpoints, each with the function that computes its answer."""
        return {
            "ping": lambda _query, _now: {},
            "time": lambda _query, now: {"serverTime": now},
            "exchangeInfo": self._exchange_info,
            "klines": self._klines,
            "uiKlines": self._klines,
            "depth": self._depth,
            "avgPrice": self._of_one(answers.average_price),
            "ticker/price": self._of_many(answers.price_ticker),
            "ticker/bookTicker": self._of_many(answers.book_ticker),
            "ticker/24hr": self._day_ticker,
        }

    def paths(self) -> dict[str, Answer]:
        """Return the supported paths, each with the function that computes its answer."""
        endpoints = self.endpoints()
        versioned = {
            f"/api/{version}/{name}": answer for version in ("v1", "v3") for name, answer in endpoints.items()
        }
        return versioned | {
            "/sapi/v1/system/status": lambda _query, _now: {"status": 0, "msg": "normal"},
            "/sapi/v1/account/apiRestrictions": _no_such_key,
        }

    def _exchange_info(self, query: Query, now_ms: int) -> object:
        markets, _ = chosen_markets(self._markets, query)
        return exchange_info(markets, now_ms)

    def _klines(self, query: Query, now_ms: int) -> object:
        market = find_market(self._markets, mandatory(query, "symbol"))
        interval = mandatory(query, "interval")
        if not market.offers(interval):
            raise ApiError(-1120, "Invalid interval.")
        rows = market.klines(
            interval,
            now_ms,
            start_ms=whole_number(query, "startTime"),
            end_ms=whole_number(query, "endTime"),
            limit=limit_of(query, default=500, most=MOST_KLINES),
        )
        faults = self._faults.current
        return [
            answers.kline_row(row)
            for row in rows
            if not faults.hides(market.symbol, row.open_ms, Channel.REST)
        ]

    def _depth(self, query: Query, now_ms: int) -> object:
        market = find_market(self._markets, mandatory(query, "symbol"))
        return answers.depth(market, now_ms, limit_of(query, default=100, most=MOST_LEVELS))

    def _day_ticker(self, query: Query, now_ms: int) -> object:
        mini = query.get("type") == "MINI"
        form = day_tickers.mini_day_ticker if mini else day_tickers.day_ticker
        return self._of_many(form)(query, now_ms)

    def _of_one(self, form: Callable[[Market, int], object]) -> Answer:
        return lambda query, now_ms: form(find_market(self._markets, mandatory(query, "symbol")), now_ms)

    def _of_many(self, form: Callable[[Market, int], object]) -> Answer:
        def answer(query: Query, now_ms: int) -> object:
            markets, as_list = chosen_markets(self._markets, query)
            forms = [form(market, now_ms) for market in markets]
            return forms if as_list else forms[0]

        return answer


def _no_such_key(_query: Query, _now_ms: int) -> object:
    """The answer to a key: nobody has one here, so that live trading with a replay is refused as with a wrong key."""
    raise ApiError(-2015, "Invalid API-key, IP, or permissions for action.", status=401)
