from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.common.clock import from_ms
from services.replay_exchange.api_errors import ApiError
from services.replay_exchange.candles import no_candles
from services.replay_exchange.faults import FaultSwitches
from services.replay_exchange.intervals import MINUTE_MS
from services.replay_exchange.rest import RestApi
from tests.support.market.replay_samples import RECORDED, market_of, rising_bars, series_of

NOW = RECORDED + 1500 * MINUTE_MS


@pytest.fixture
def faults() -> FaultSwitches:
    return FaultSwitches()


@pytest.fixture
def api(faults: FaultSwitches) -> RestApi:
    markets = [market_of(series_of(rising_bars(2000))), market_of(no_candles("ETH/USDT"))]
    return RestApi({market.symbol: market for market in markets}, faults)


def ask(api: RestApi, path: str, **query: str) -> Any:
    return api.paths()[f"/api/v3/{path}"](query, NOW)


def refusal(api: RestApi, path: str, **query: str) -> tuple[int, str]:
    with pytest.raises(ApiError) as caught:
        ask(api, path, **query)
    assert caught.value.status == 400
    return caught.value.code, caught.value.message


def test_a_kline_has_binances_twelve_columns(api: RestApi) -> None:
    rows = ask(api, "klines", symbol="BTCUSDT", interval="1m", limit="2")
    closed = rows[0]
    assert closed == [
        NOW - MINUTE_MS,
        "1599.00000000",
        "1601.50000000",
        "1598.25000000",
        "1600.00000000",
        "150.90000000",
        NOW - 1,
        "241392.84375000",
        4,
        "75.45000000",
        "120696.42187500",
        "0",
    ]
    assert rows[1][0] == NOW


@pytest.mark.parametrize(("limit", "rows"), [({}, 500), ({"limit": "7"}, 7), ({"limit": "5000"}, 1000)])
def test_klines_are_five_hundred_or_as_many_as_asked_for_up_to_a_thousand(
    api: RestApi, limit: dict[str, str], rows: int
) -> None:
    assert len(ask(api, "klines", symbol="BTCUSDT", interval="1m", **limit)) == rows


def test_klines_from_a_start_are_the_first_ones(api: RestApi) -> None:
    rows = ask(api, "klines", symbol="BTCUSDT", interval="5m", startTime=str(RECORDED), limit="2")
    assert [row[0] for row in rows] == [RECORDED, RECORDED + 5 * MINUTE_MS]


@pytest.mark.parametrize(
    ("path", "query", "code", "message"),
    [
        ("klines", {}, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."),
        ("klines", {"symbol": ""}, -1105, "Parameter 'symbol' was empty."),
        ("klines", {"symbol": "NOPE", "interval": "1m"}, -1121, "Invalid symbol."),
        ("klines", {"symbol": "btcusdt", "interval": "1m"}, -1121, "Invalid symbol."),
        ("klines", {"symbol": "BTCUSDT", "interval": "7m"}, -1120, "Invalid interval."),
        ("klines", {"symbol": "BTCUSDT", "interval": "1s"}, -1120, "Invalid interval."),
        ("ticker/24hr", {"symbol": "NOPE"}, -1121, "Invalid symbol."),
        ("ticker/price", {"symbols": '["BTCUSDT","NOPE"]'}, -1121, "Invalid symbol."),
        ("depth", {"symbol": "NOPE"}, -1121, "Invalid symbol."),
        ("avgPrice", {"symbol": "NOPE"}, -1121, "Invalid symbol."),
        ("exchangeInfo", {"symbol": "NOPE"}, -1121, "Invalid symbol."),
    ],
)
def test_mistakes_are_answered_with_binances_codes(
    api: RestApi, path: str, query: dict[str, str], code: int, message: str
) -> None:
    assert refusal(api, path, **query) == (code, message)


@pytest.mark.parametrize("name", ["limit", "startTime", "endTime"])
@pytest.mark.parametrize("value", ["-1", "ten", "1.5", "1e3", " 1", "9" * 21, "\u0661"])
def test_what_is_not_a_whole_number_is_illegal(api: RestApi, name: str, value: str) -> None:
    code, message = refusal(api, "klines", symbol="BTCUSDT", interval="1m", **{name: value})
    assert code == -1100
    assert f"'{name}'" in message


def test_the_largest_number_that_may_be_sent_is_understood(api: RestApi) -> None:
    largest = "9" * 20
    assert ask(api, "klines", symbol="BTCUSDT", interval="1m", startTime=largest) == []
    assert len(ask(api, "klines", symbol="BTCUSDT", interval="1m", endTime=largest, limit=largest)) == 1000


@pytest.mark.parametrize("value", ["BTCUSDT", "[1]", "{}", "["])
def test_symbols_must_be_a_list_of_names(api: RestApi, value: str) -> None:
    assert refusal(api, "ticker/24hr", symbols=value)[0] == -1100


def test_symbol_and_symbols_exclude_each_other(api: RestApi) -> None:
    assert refusal(api, "ticker/24hr", symbol="BTCUSDT", symbols='["BTCUSDT"]')[0] == -1128


@pytest.mark.parametrize("path", ["ticker/24hr", "ticker/price", "ticker/bookTicker"])
def test_a_ticker_is_one_for_a_symbol_a_list_for_symbols_and_all_for_neither(api: RestApi, path: str) -> None:
    assert ask(api, path, symbol="BTCUSDT")["symbol"] == "BTCUSDT"
    assert [ticker["symbol"] for ticker in ask(api, path, symbols='["ETHUSDT"]')] == ["ETHUSDT"]
    assert [ticker["symbol"] for ticker in ask(api, path)] == ["BTCUSDT", "ETHUSDT"]


def test_the_day_ticker_agrees_with_the_candles(api: RestApi) -> None:
    ticker = ask(api, "ticker/24hr", symbol="BTCUSDT")
    assert (ticker["openPrice"], ticker["lastPrice"]) == ("160.00000000", "1600.00000000")
    assert (ticker["prevClosePrice"], ticker["priceChange"]) == ("160.00000000", "1440.00000000")
    assert ticker["priceChangePercent"] == "900.000"
    assert ticker["closeTime"] - ticker["openTime"] == 24 * 60 * MINUTE_MS


def test_the_mini_ticker_is_the_short_form(api: RestApi) -> None:
    mini, full = (ask(api, "ticker/24hr", symbol="BTCUSDT", **kind) for kind in ({"type": "MINI"}, {}))
    assert "priceChange" not in mini
    assert {name: full[name] for name in mini} == mini


def test_the_book_surrounds_the_last_price(api: RestApi) -> None:
    price = float(ask(api, "ticker/price", symbol="BTCUSDT")["price"])
    book = ask(api, "depth", symbol="BTCUSDT", limit="5")
    bids, asks = ([float(level[0]) for level in book[side]] for side in ("bids", "asks"))
    assert bids == [price, price - 0.01, price - 0.02, price - 0.03, price - 0.04]
    assert asks == [price + 0.01, price + 0.02, price + 0.03, price + 0.04, price + 0.05]
    ticker = ask(api, "ticker/bookTicker", symbol="BTCUSDT")
    assert [ticker["bidPrice"], ticker["askPrice"]] == [book["bids"][0][0], book["asks"][0][0]]


def test_a_pair_without_candles_has_an_empty_book_and_no_klines(api: RestApi) -> None:
    assert ask(api, "klines", symbol="ETHUSDT", interval="1m") == []
    book = ask(api, "depth", symbol="ETHUSDT")
    assert (book["bids"], book["asks"]) == ([], [])


def test_candles_hidden_by_a_fault_are_left_out(api: RestApi, faults: FaultSwitches) -> None:
    start = from_ms(NOW - 3 * MINUTE_MS)
    faults.switch(missing_candles=[{"start": start, "end": start + timedelta(minutes=2), "channel": "rest"}])
    rows = ask(api, "klines", symbol="BTCUSDT", interval="1m", limit="5")
    assert [(row[0] - NOW) // MINUTE_MS for row in rows] == [-4, -1, 0]


def test_the_same_endpoints_answer_under_both_versions(api: RestApi) -> None:
    names = {path.removeprefix("/api/v3/") for path in api.paths() if path.startswith("/api/v3/")}
    assert names == {path.removeprefix("/api/v1/") for path in api.paths() if path.startswith("/api/v1/")}
    assert {"ping", "time", "exchangeInfo", "klines", "depth", "ticker/24hr"} <= names
