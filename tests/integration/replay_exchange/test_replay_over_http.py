"""The exchange as a client on the network sees it: REST, websockets and control on one port."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pytest
from aiohttp import ClientConnectionError, ClientSession, WSMsgType
from structlog.testing import capture_logs

from services.common.clock import to_ms
from services.common.errors import StopProgram
from services.replay_exchange.intervals import MINUTE_MS
from services.replay_exchange.replay import ReplayOptions
from services.replay_exchange.server import ReplayExchange
from tests.support.market.replay_bench import MINUTE_STREAM, NOW, PATIENCE_SECONDS, Bench, bench, receive, run
from tests.support.market.replay_samples import RECORDED
from tests.support.waiting import until


def test_time_and_candles_follow_the_clock(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        assert await bench.get("/api/v3/ping") == (200, {})
        assert await bench.get("/api/v3/time") == (200, {"serverTime": to_ms(NOW)})
        _, rows = await bench.get("/api/v3/klines", symbol="BTCUSDT", interval="1m")
        assert [len(rows), rows[-1][0]] == [21, to_ms(NOW)]
        bench.clock.advance(60)
        _, later = await bench.get("/api/v3/klines", symbol="BTCUSDT", interval="1m")
        assert later[:20] == rows[:20]
        assert [len(later), later[-1][0]] == [22, to_ms(NOW) + MINUTE_MS]

    run(tmp_path, scenario)


def test_mistakes_are_answered_in_binances_words(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        answer = await bench.get("/api/v3/klines", symbol="NOPE", interval="1m")
        assert answer == (400, {"code": -1121, "msg": "Invalid symbol."})

    run(tmp_path, scenario)


def test_no_key_is_known(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        status, answer = await bench.get("/sapi/v1/account/apiRestrictions")
        assert (status, answer["code"]) == (401, -2015)

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    "path", ["/", "/api/v3/order", "/api/v3/nothing", "/sapi/v1/capital/config/getall", "/fapi/v1/order"]
)
def test_an_unknown_path_is_answered_404_and_logged(tmp_path: Path, path: str) -> None:
    async def scenario(bench: Bench) -> None:
        with capture_logs() as logs:
            status, _ = await bench.get(path, symbol="BTCUSDT")
        assert status == 404
        entry = bench.exchange.requests.entries()[-1]
        assert (entry.method, entry.path, entry.query, entry.status) == (
            "GET",
            path,
            {"symbol": "BTCUSDT"},
            404,
        )
        assert [(log["path"], log["status"]) for log in logs if log["event"] == "request_not_served"] == [
            (path, 404)
        ]

    run(tmp_path, scenario)


def test_the_request_log_can_be_read_over_http_and_leaves_itself_out(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        await bench.get("/api/v3/time")
        await bench.get("/api/v3/depth", symbol="BTCUSDT")
        await (await bench.subscribe(MINUTE_STREAM)).close()
        _, answer = await bench.get("/replay/requests")
        assert [(entry["method"], entry["path"], entry["status"]) for entry in answer["requests"]] == [
            ("GET", "/api/v3/time", 200),
            ("GET", "/api/v3/depth", 200),
            ("WS", "/stream/ws", 101),
            ("WS", "SUBSCRIBE", 200),
        ]
        assert answer["total"] == 4
        _, chosen = await bench.get("/replay/requests?path=/api/v3/d&after=1")
        assert [entry["query"] for entry in chosen["requests"]] == [{"symbol": "BTCUSDT"}]
        status, refused = await bench.get("/replay/requests", limit="many")
        assert status == 400
        assert "limit" in refused["error"]

    run(tmp_path, scenario)


def test_the_status_tells_both_times_the_pairs_and_the_connections(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        socket = await bench.subscribe(MINUTE_STREAM)
        status, answer = await bench.get("/replay/status")
        assert status == 200
        assert answer == bench.exchange.status()
        now, recorded = (datetime.fromisoformat(answer[name]) for name in ("now", "recording_now"))
        assert now == NOW
        assert to_ms(now) - to_ms(recorded) == answer["shift_ms"] == bench.exchange.shift_ms
        assert to_ms(recorded) == RECORDED + 20 * MINUTE_MS
        assert [market["pair"] for market in answer["markets"]] == ["BTC/USDT", "ETH/USDT"]
        assert [connection["streams"] for connection in answer["websockets"]] == [[MINUTE_STREAM]]
        assert answer["ended"] is False
        await socket.close()

    run(tmp_path, scenario)


def test_a_market_without_candles_has_neither_beginning_nor_end() -> None:
    async def scenario() -> None:
        options = ReplayOptions(candles=None, pairs=("SOL/USDT",))
        async with ReplayExchange(options) as exchange:
            status = exchange.status()
            (market,) = status["markets"]
            assert (market["candles"], market["first_open"], market["last_close"]) == (0, None, None)
            assert (status["ended"], market["last_price"]) == (False, None)

    asyncio.run(scenario())


def test_a_subscriber_gets_the_forming_candle_then_each_close_with_the_next_one(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        socket = await bench.subscribe(MINUTE_STREAM)
        forming = await receive(socket)
        assert (forming["k"]["t"], forming["k"]["x"]) == (to_ms(NOW), False)
        bench.clock.advance(60)
        closed, following = await receive(socket), await receive(socket)
        assert (closed["k"]["t"], closed["k"]["x"], closed["k"]["c"]) == (to_ms(NOW), True, "121.00000000")
        assert (following["k"]["t"], following["k"]["x"]) == (to_ms(NOW) + MINUTE_MS, False)

    run(tmp_path, scenario)


def test_streams_in_the_address_come_wrapped_or_bare_as_binance_does(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        combined = await bench.connect(f"/stream?streams={MINUTE_STREAM}/ethusdt@kline_5m")
        names = {(await receive(combined))["stream"] for _ in range(2)}
        assert names == {MINUTE_STREAM, "ethusdt@kline_5m"}
        bare = await bench.connect(f"/ws/{MINUTE_STREAM}")
        assert (await receive(bare))["e"] == "kline"
        numbered = await bench.connect("/stream/ws/0")
        await numbered.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 1})
        assert await receive(numbered) == {"result": [], "id": 1}

    run(tmp_path, scenario)


def test_an_unsubscribed_stream_falls_silent_and_the_others_go_on(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        socket = await bench.subscribe(MINUTE_STREAM, "ethusdt@kline_1m")
        assert {(await receive(socket))["s"] for _ in range(2)} == {"BTCUSDT", "ETHUSDT"}
        await socket.send_json({"method": "UNSUBSCRIBE", "params": [MINUTE_STREAM], "id": 2})
        assert await receive(socket) == {"result": None, "id": 2}
        bench.clock.advance(180)
        assert [(await receive(socket))["s"] for _ in range(4)] == ["ETHUSDT"] * 4

    run(tmp_path, scenario)


def test_malformed_frames_are_answered_and_the_connection_stays(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        socket = await bench.connect()
        await socket.send_str("{not json")
        assert (await receive(socket))["code"] == 3
        await socket.send_bytes(b"\xff\xfe\x00")
        assert (await receive(socket))["code"] == 3
        await socket.send_json({"method": "BUY", "id": 1})
        assert (await receive(socket))["code"] == 2
        await socket.send_json({"method": "SUBSCRIBE", "params": ["nope@kline_1m", "btcusdt@trade"], "id": 2})
        assert await receive(socket) == {"result": None, "id": 2}
        await socket.send_json({"method": "SUBSCRIBE", "params": [MINUTE_STREAM], "id": 3})
        assert await receive(socket) == {"result": None, "id": 3}
        assert (await receive(socket))["e"] == "kline"

    run(tmp_path, scenario)


def test_at_the_end_of_the_recording_it_says_so_and_the_last_price_stays(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        socket = await bench.subscribe(MINUTE_STREAM)
        await receive(socket)
        with capture_logs() as logs:
            bench.clock.advance(60 * 60)
            events = [await receive(socket) for _ in range(20)]
            await until(lambda: any(log["event"] == "recording_ended" for log in logs))
        assert all(event["k"]["x"] for event in events)
        await socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 9})
        assert await receive(socket) == {"result": [MINUTE_STREAM], "id": 9}
        _, price = await bench.get("/api/v3/ticker/price", symbol="BTCUSDT")
        assert price["price"] == events[-1]["k"]["c"] == "140.00000000"
        assert bench.exchange.status()["ended"] is True

    run(tmp_path, scenario)


def test_it_listens_on_loopback_until_its_block_ends_and_lets_the_port_go(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as one:
            url, port = one.exchange.base_url, one.exchange.port
            assert url == f"http://127.0.0.1:{port}"
            with pytest.raises(StopProgram, match=f"port {port} cannot be used"):
                async with ReplayExchange(ReplayOptions(), port=port):
                    pass
        async with ClientSession() as session:
            with pytest.raises(ClientConnectionError):
                await session.get(url)
        async with ReplayExchange(ReplayOptions(candles=None, pairs=("SOL/USDT",)), port=port) as again:
            assert again.port == port

    asyncio.run(scenario())


def test_an_exchange_that_stops_says_goodbye_on_its_websockets() -> None:
    async def scenario() -> None:
        async with ClientSession() as session:
            async with ReplayExchange(ReplayOptions(candles=None, pairs=("SOL/USDT",))) as exchange:
                socket = await session.ws_connect(f"{exchange.base_url}/stream/ws")
                await until(lambda: bool(exchange.status()["websockets"]))
                goodbye = asyncio.create_task(socket.receive(timeout=PATIENCE_SECONDS))
            assert ((await goodbye).type, socket.close_code) == (WSMsgType.CLOSE, 1001)

    asyncio.run(scenario())
