"""Faults switched on while the exchange runs, over HTTP and from Python."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

from services.common.clock import to_ms
from services.replay_exchange.intervals import MINUTE_MS
from tests.support.market.replay_bench import MINUTE_STREAM, NOW, PATIENCE_SECONDS, Bench, receive, run


def test_rest_errors_come_as_often_as_asked_for_and_only_there(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        fault = {"rest_errors": [{"status": 503, "path": "/api/v3/klines", "times": 1}]}
        assert (await bench.post_faults(json.dumps(fault)))[0] == 200
        assert (await bench.get("/api/v3/time"))[0] == 200
        status, body = await bench.get("/api/v3/klines", symbol="BTCUSDT", interval="1m")
        assert (status, body["code"]) == (503, -1001)
        assert (await bench.get("/api/v3/klines", symbol="BTCUSDT", interval="1m"))[0] == 200
        bench.exchange.faults.switch(rest_errors=[{"status": 500}])
        assert (await bench.get("/api/v3/time"))[0] == 500
        assert (await bench.get("/replay/status"))[0] == 200
        async with bench.session.delete(f"{bench.exchange.base_url}/replay/faults") as answer:
            assert (await answer.json())["rest_errors"] == []
        assert (await bench.get("/api/v3/time"))[0] == 200

    run(tmp_path, scenario)


def test_latency_delays_answers_and_handshakes_but_not_the_controls(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.exchange.faults.switch(latency_seconds=300)
        delayed = [asyncio.create_task(bench.get("/api/v3/time")), asyncio.create_task(bench.connect())]
        assert (await bench.get("/replay/faults"))[1]["latency_seconds"] == 300
        done, _ = await asyncio.wait(delayed, timeout=0.2)
        assert done == set()
        for task in delayed:
            task.cancel()
        bench.exchange.faults.switch(latency_seconds=0.05)
        await bench.get("/api/v3/time")
        assert bench.exchange.requests.entries()[-1].duration_ms >= 50

    run(tmp_path, scenario)


def test_dropped_websockets_end_without_a_goodbye_and_new_ones_can_be_refused(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        sockets = [await bench.subscribe(MINUTE_STREAM) for _ in range(2)]
        await bench.post_faults('{"drop_websockets": true, "refuse_websockets": true}')
        for socket in sockets:
            while (message := await socket.receive(timeout=PATIENCE_SECONDS)).type is WSMsgType.TEXT:
                pass
            assert message.type is WSMsgType.CLOSED
            assert socket.close_code == 1006
        with pytest.raises(WSServerHandshakeError, match="503"):
            await bench.connect()
        await bench.post_faults('{"refuse_websockets": false}')
        assert (await receive(await bench.subscribe(MINUTE_STREAM)))["e"] == "kline"

    run(tmp_path, scenario)


def test_a_silent_websocket_stays_open_and_does_not_make_up_for_its_silence(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        socket = await bench.subscribe(MINUTE_STREAM)
        assert (await receive(socket))["k"]["t"] == to_ms(NOW)
        await bench.post_faults('{"silent_websockets": true}')
        bench.clock.advance(180)
        with pytest.raises(TimeoutError):
            await socket.receive_json(timeout=0.3)
        await socket.ping()
        await bench.post_faults('{"silent_websockets": false}')
        bench.clock.advance(60)
        closed = await receive(socket)
        assert (closed["k"]["t"], closed["k"]["x"]) == (to_ms(NOW) + 3 * MINUTE_MS, True)

    run(tmp_path, scenario)


def test_missing_candles_are_missing_in_rest_and_websocket(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        gap = {
            "start": (NOW + timedelta(minutes=1)).isoformat(),
            "end": (NOW + timedelta(minutes=3)).isoformat(),
        }
        assert (await bench.post_faults(json.dumps({"missing_candles": [gap]})))[0] == 200
        socket = await bench.subscribe(MINUTE_STREAM)
        await receive(socket)
        bench.clock.advance(240)
        sent = [(await receive(socket))["k"]["t"] for _ in range(3)]
        assert [(opened - to_ms(NOW)) // MINUTE_MS for opened in sent] == [0, 3, 4]
        _, rows = await bench.get(
            "/api/v3/klines", symbol="BTCUSDT", interval="1m", startTime=str(to_ms(NOW))
        )
        assert [(row[0] - to_ms(NOW)) // MINUTE_MS for row in rows] == [0, 3, 4]

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    "body", ["", "[]", "{", '{"latency": 1}', '{"latency_seconds": "long"}', '{"rest_errors": 3}']
)
def test_what_is_no_fault_is_refused_with_the_reason(tmp_path: Path, body: str) -> None:
    async def scenario(bench: Bench) -> None:
        status, answer = await bench.post_faults(body)
        assert status == 400
        assert answer["error"]
        assert (await bench.get("/replay/faults"))[1] == bench.exchange.faults.current.model_dump(mode="json")

    run(tmp_path, scenario)
