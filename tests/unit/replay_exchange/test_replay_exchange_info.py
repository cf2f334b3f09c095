from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from services.replay_exchange.candles import no_candles
from services.replay_exchange.exchange_info import exchange_info, filters, symbol_info
from services.replay_exchange.forming import Bar
from tests.support.market.replay_samples import RECORDED, market_of, rising_bars, series_of


def filters_of(pair: str, bars: list[Bar]) -> dict[str, dict[str, Any]]:
    series = series_of(bars, pair=pair) if bars else no_candles(pair)
    return {one["filterType"]: one for one in filters(market_of(series))}


def test_every_filter_that_freqtrade_reads_is_there() -> None:
    assert {"PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE", "NOTIONAL"} <= set(
        filters_of("BTC/USDT", rising_bars(3))
    )


@pytest.mark.parametrize(
    ("bar", "tick", "step"),
    [
        (Bar(69979.98, 70112.55, 69973.41, 70070.53, 32.55652), "0.01000000", "0.00001000"),
        (Bar(0.00001234, 0.0000125, 0.0000123, 0.0000124, 123456.0), "0.00000001", "1.00000000"),
        (Bar(12.0, 13.0, 11.0, 12.0, 1.5), "1.00000000", "0.10000000"),
    ],
)
def test_tick_and_step_are_the_last_places_the_recording_uses(bar: Bar, tick: str, step: str) -> None:
    found = filters_of("BTC/USDT", [bar])
    assert (found["PRICE_FILTER"]["tickSize"], found["LOT_SIZE"]["stepSize"]) == (tick, step)


@pytest.mark.parametrize(("pair", "least"), [("BTC/USDT", "5"), ("BTC/EUR", "5"), ("ETH/BTC", "0.0001")])
def test_the_smallest_order_depends_on_the_quote_currency(pair: str, least: str) -> None:
    assert Decimal(filters_of(pair, [])["NOTIONAL"]["minNotional"]) == Decimal(least)


def test_every_recorded_price_and_volume_passes_the_filters() -> None:
    bars = [Bar(2_000_000.5, 2_500_000.5, 1.5, 3.5, 0.001)]
    found = filters_of("BTC/USDT", bars)
    price, lot = found["PRICE_FILTER"], found["LOT_SIZE"]
    for value in (bars[0].open, bars[0].high, bars[0].low, bars[0].close):
        exact = Decimal(repr(value))
        assert Decimal(price["minPrice"]) <= exact <= Decimal(price["maxPrice"])
        assert exact % Decimal(price["tickSize"]) == 0
    assert Decimal("0.001") % Decimal(lot["stepSize"]) == 0


def test_a_symbol_names_its_assets_and_is_open_for_spot_trading() -> None:
    info = symbol_info(market_of(no_candles("SOL/EUR")))
    assert (info["symbol"], info["baseAsset"], info["quoteAsset"]) == ("SOLEUR", "SOL", "EUR")
    assert (info["status"], info["isSpotTradingAllowed"], info["permissions"]) == ("TRADING", True, ["SPOT"])


def test_the_answer_lists_every_market() -> None:
    markets = [market_of(no_candles(pair)) for pair in ("BTC/USDT", "ETH/USDT")]
    answer = exchange_info(markets, RECORDED)
    assert [symbol["symbol"] for symbol in answer["symbols"]] == ["BTCUSDT", "ETHUSDT"]
    assert answer["serverTime"] == RECORDED
