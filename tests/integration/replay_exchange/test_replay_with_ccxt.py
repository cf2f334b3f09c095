"""ccxt.pro's own Binance client, unchanged, against the replay exchange."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from services.common.clock import to_ms
from services.replay_exchange.ccxt_config import ccxt_config
from services.replay_exchange.intervals import MINUTE_MS
from tests.support.market.replay_bench import NOW, Bench, run
from tests.support.waiting import until

Client = Any  # ccxt publishes no types


def with_ccxt(directory: Path, scenario: Callable[[Bench, Client], Awaitable[None]]) -> None:
    import ccxt.pro

    async def play(bench: Bench) -> None:
        client = ccxt.pro.binance(ccxt_config(bench.exchange.base_url))
        try:
            await scenario(bench, client)
        finally:
            await client.close()

    run(directory, play)


async def watch_closed(client: Client, symbol: str, open_ms: int) -> list[Any]:
    """The candle that opens then, once a later one has appeared."""
    while True:
        await client.watch_ohlcv(symbol, "1m")
        candles = {row[0]: row for row in client.ohlcvs[symbol]["1m"]}
        if open_ms in candles and max(candles) > open_ms:
            return list(candles[open_ms])


def test_markets_are_loaded_with_their_precision_and_limits(tmp_path: Path) -> None:
    async def scenario(bench: Bench, client: Client) -> None:
        markets = await client.load_markets()
        assert set(markets) == {"BTC/USDT", "ETH/USDT"}
        market = markets["BTC/USDT"]
        assert (market["spot"], market["active"]) == (True, True)
        assert market["precision"]["price"] == 0.01
        assert market["precision"]["amount"] == 0.1
        assert market["limits"]["cost"]["min"] == 5
        assert [entry.path for entry in bench.exchange.requests.entries()] == ["/api/v3/exchangeInfo"]

    with_ccxt(tmp_path, scenario)


def test_candles_are_fetched_by_number_by_start_and_by_end(tmp_path: Path) -> None:
    now = to_ms(NOW)

    async def scenario(bench: Bench, client: Client) -> None:
        newest = await client.fetch_ohlcv("BTC/USDT", "1m", limit=3)
        assert newest == [
            [now - 2 * MINUTE_MS, 118.0, 120.5, 117.25, 119.0, 2.8],
            [now - MINUTE_MS, 119.0, 121.5, 118.25, 120.0, 2.9],
            [now, 120.0, 120.0, 120.0, 120.0, 0.0],
        ]
        start = now - 15 * MINUTE_MS
        opens = [row[0] for row in await client.fetch_ohlcv("BTC/USDT", "5m", since=start, limit=2)]
        assert opens == [start, start + 5 * MINUTE_MS]
        until_ms = now - 10 * MINUTE_MS
        rows = await client.fetch_ohlcv("BTC/USDT", "1m", limit=2, params={"until": until_ms})
        assert [row[0] for row in rows] == [until_ms - MINUTE_MS, until_ms]

    with_ccxt(tmp_path, scenario)


def test_tickers_and_books_are_understood(tmp_path: Path) -> None:
    async def scenario(bench: Bench, client: Client) -> None:
        ticker = await client.fetch_ticker("BTC/USDT")
        assert (ticker["last"], ticker["bid"], ticker["ask"]) == (120.0, 120.0, 120.01)
        assert set(await client.fetch_tickers()) == {"BTC/USDT", "ETH/USDT"}
        assert set(await client.fetch_tickers(["ETH/USDT"])) == {"ETH/USDT"}
        assert set(await client.fetch_bids_asks(["ETH/USDT"])) == {"ETH/USDT"}
        book = await client.fetch_order_book("BTC/USDT", limit=5)
        assert [len(book["bids"]), len(book["asks"])] == [5, 5]
        assert book["bids"][0][0] < book["asks"][0][0]
        assert (await client.fetch_status())["status"] == "ok"
        assert await client.fetch_time() == to_ms(NOW)

    with_ccxt(tmp_path, scenario)


def test_candles_are_watched_as_they_form_and_close(tmp_path: Path) -> None:
    now = to_ms(NOW)

    async def scenario(bench: Bench, client: Client) -> None:
        assert (await client.watch_ohlcv("BTC/USDT", "1m"))[-1][:2] == [now, 120.0]
        bench.clock.advance(60)
        assert await watch_closed(client, "BTC/USDT", now) == [now, 120.0, 122.5, 119.25, 121.0, 3.0]
        ticker = await client.watch_ticker("ETH/USDT")
        assert ticker["last"] == 121.0

    with_ccxt(tmp_path, scenario)


def test_a_stream_given_up_is_unsubscribed_from(tmp_path: Path) -> None:
    async def scenario(bench: Bench, client: Client) -> None:
        await client.watch_ohlcv("BTC/USDT", "1m")
        await client.un_watch_ohlcv("BTC/USDT", "1m")
        assert [connection["streams"] for connection in bench.exchange.status()["websockets"]] == [[]]

    with_ccxt(tmp_path, scenario)


def test_a_dropped_websocket_is_an_error_and_watching_again_reconnects(tmp_path: Path) -> None:
    now = to_ms(NOW)

    async def scenario(bench: Bench, client: Client) -> None:
        import ccxt

        await client.watch_ohlcv("BTC/USDT", "1m")
        waiting = asyncio.create_task(watch_closed(client, "BTC/USDT", now + 60 * MINUTE_MS))
        await asyncio.sleep(0)
        assert bench.exchange.drop_websockets() == 1
        with pytest.raises(ccxt.NetworkError):
            await waiting
        await until(lambda: not bench.exchange.status()["websockets"])
        bench.clock.advance(60)
        assert (await client.watch_ohlcv("BTC/USDT", "1m"))[-1][0] == now + MINUTE_MS

    with_ccxt(tmp_path, scenario)


def test_errors_become_ccxts_own(tmp_path: Path) -> None:
    async def scenario(bench: Bench, client: Client) -> None:
        import ccxt

        with pytest.raises(ccxt.BadSymbol):
            await client.public_get_klines({"symbol": "NOPE", "interval": "1m"})
        with pytest.raises(ccxt.ExchangeNotAvailable):
            await client.public_get_trades({"symbol": "BTCUSDT"})
        assert bench.exchange.requests.entries()[-1].status == 404
        bench.exchange.faults.switch(rest_errors=[{"status": 503, "times": 1}])
        with pytest.raises(ccxt.OperationFailed):
            await client.fetch_time()
        assert await client.fetch_time() == to_ms(NOW)

    with_ccxt(tmp_path, scenario)
