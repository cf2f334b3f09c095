"""Perpetual contracts: their markets, candles and the funding that costs nothing."""

from __future__ import annotations

from typing import Any

from services.replay_exchange.contracts import FUNDING_MS, ContractApi
from services.replay_exchange.faults import FaultSwitches
from services.replay_exchange.intervals import HOUR_MS
from tests.support.market.replay_samples import RECORDED, market_of, rising_bars, series_of

CONTRACT = market_of(series_of(rising_bars(48), pair="BTC/USDT:USDT", base_ms=HOUR_MS))
NOW = RECORDED + 30 * HOUR_MS + 1


def ask(path: str, **query: str) -> Any:
    return ContractApi({CONTRACT.symbol: CONTRACT}, FaultSwitches()).paths()[path](query, NOW)


def test_a_contract_is_perpetual_and_paid_in_the_quote_currency() -> None:
    (symbol,) = ask("/fapi/v1/exchangeInfo")["symbols"]
    assert (symbol["symbol"], symbol["baseAsset"], symbol["marginAsset"]) == ("BTCUSDT", "BTC", "USDT")
    assert symbol["contractType"] == "PERPETUAL"


def test_mark_prices_are_those_of_the_candles() -> None:
    query = {"symbol": "BTCUSDT", "interval": "1h", "limit": "5"}
    assert ask("/fapi/v1/markPriceKlines", **query) == ask("/fapi/v1/klines", **query)
    assert float(ask("/fapi/v1/premiumIndex", symbol="BTCUSDT")["markPrice"]) == CONTRACT.last_price(NOW)


def test_funding_is_zero_every_eight_hours_within_the_recording() -> None:
    rates = ask("/fapi/v1/fundingRate", symbol="BTCUSDT", startTime=str(RECORDED))
    assert [rate["fundingTime"] for rate in rates] == [RECORDED + n * FUNDING_MS for n in range(4)]
    assert {float(rate["fundingRate"]) for rate in rates} == {0.0}
    (newest,) = ask("/fapi/v1/fundingRate", symbol="BTCUSDT", limit="1")
    assert newest == rates[-1]
