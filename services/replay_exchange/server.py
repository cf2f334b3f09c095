"""The exchange as an asynchronous context manager that serves REST, websockets and control on one loopback port."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import structlog
from aiohttp import web

from services.common.clock import Clock, SystemClock, to_ms
from services.common.errors import StopProgram
from services.replay_exchange.answers import Json
from services.replay_exchange.api_errors import ApiError
from services.replay_exchange.contracts import ContractApi
from services.replay_exchange.control import PREFIX, Control
from services.replay_exchange.faults import Faults, FaultSwitches
from services.replay_exchange.replay import Replay, ReplayOptions, prepare
from services.replay_exchange.request_log import RequestLog
from services.replay_exchange.rest import Answer, RestApi
from services.replay_exchange.sockets import Sockets

log = structlog.get_logger(__name__)

HOST = "127.0.0.1"
POLL_SECONDS = 0.05
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ReplayExchange:
    """An exchange that replays candles on 127.0.0.1 while its `async with` block runs.

    Attributes:
        faults: the switches for faults, see `Faults`.
        requests: the log of received requests.
    """

    def __init__(
        self,
        options: ReplayOptions | None = None,
        *,
        port: int = 0,
        clock: Clock | None = None,
        poll_seconds: float = POLL_SECONDS,
        read_only: bool = False,
        faults: Faults | None = None,
    ) -> None:
        """Prepare the replay; the port is opened when the `async with` block begins.

        If `port` is 0, a free port is chosen. `poll_seconds` is the interval in real seconds at which the clock is
        read. With `read_only`, faults cannot be switched over HTTP; otherwise every user of this machine can switch
        them. `faults` are active from the beginning.

        Raises:
            StopProgram: the options do not match the candle files.
        """
        self._clock = clock or SystemClock()
        self._wanted_port = port
        self._poll_seconds = poll_seconds
        self.faults = FaultSwitches(faults)
        self.requests = RequestLog()
        self._replay: Replay = prepare(options or ReplayOptions(), to_ms(self._clock.now()))
        markets = self._replay.markets
        self._sockets = Sockets(markets, self.faults, self.requests, self._clock, poll_seconds)
        self._control = Control(
            self._replay, self._sockets, self.faults, self.requests, self._clock, read_only=read_only
        )
        self._paths = {
            **RestApi(markets, self.faults).paths(),
            **ContractApi(self._replay.contracts, self.faults).paths(),
        }
        self._runner: web.AppRunner | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def port(self) -> int:
        """The port on which the exchange listens. Raises RuntimeError outside the `async with` block."""
        if self._runner is None:
            raise RuntimeError("the exchange listens only inside its `async with` block")
        return int(self._runner.addresses[0][1])

    @property
    def base_url(self) -> str:
        """The URL of the exchange, for example http://127.0.0.1:8085."""
        return f"http://{HOST}:{self.port}"

    @property
    def shift_ms(self) -> int:
        """The number of milliseconds by which the wall clock is ahead of the recorded times."""
        return self._replay.timeline.shift_ms

    def status(self) -> Json:
        """Return the state of the replay, as GET /replay/status does."""
        return self._control.status()

    def drop_websockets(self) -> int:
        """Disconnect every open websocket; return the number of websockets that were open."""
        return self._sockets.drop()

    async def __aenter__(self) -> Self:
        """Start listening.

        Raises:
            StopProgram: the port is already in use.
        """
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, self._wanted_port).start()
        except OSError as error:
            await runner.cleanup()
            raise StopProgram(
                f"port {self._wanted_port} cannot be used ({error.strerror}); 0 takes a free one"
            ) from error
        self._runner = runner
        self._tasks = [asyncio.create_task(each) for each in (self._watch_for_the_end(), self._drop_again())]
        log.info("replay_exchange_listening", url=self.base_url, symbols=list(self._replay.markets))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection and stop listening."""
        for task in self._tasks:
            task.cancel()
        await self._sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[self._observe, _answer_errors, self._inject_faults])
        app.add_routes([web.get(path, self._rest_handler(answer)) for path, answer in self._paths.items()])
        app.add_routes(self._control.routes())
        for path in ("/ws", "/ws/{name:.*}", "/stream", "/stream/ws", "/stream/ws/{name:.*}"):
            app.router.add_get(path, self._sockets.serve)
        return app

    def _rest_handler(self, answer: Answer) -> _Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            return web.json_response(answer(request.query, to_ms(self._clock.now())))

        return handle

    @web.middleware
    async def _observe(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        started = time.monotonic()
        response = await handler(request)
        if not request.path.startswith(PREFIX) and not isinstance(response, web.WebSocketResponse):
            self.requests.add(
                at=self._clock.now(),
                method=request.method,
                path=request.path,
                query=dict(request.query),
                status=response.status,
                duration_ms=(time.monotonic() - started) * 1000,
            )
        return response

    @web.middleware
    async def _inject_faults(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        if request.path.startswith(PREFIX):
            return await handler(request)
        await asyncio.sleep(self.faults.current.latency_seconds)
        is_websocket = "upgrade" in request.headers.get("Connection", "").lower()
        status = None if is_websocket else self.faults.take_rest_error(request.path)
        if status is None:
            return await handler(request)
        raise ApiError(-1001, "Internal error; unable to process your request. Please try again.", status)

    async def _watch_for_the_end(self) -> None:
        end_ms = self._replay.end_ms
        if end_ms is None:
            return
        while to_ms(self._clock.now()) < end_ms:  # noqa: ASYNC110 - the wall clock may run at another speed
            await asyncio.sleep(self._poll_seconds)
        log.warning("recording_ended", hint="no further candles will come; the last prices stay")

    async def _drop_again(self) -> None:
        dropped = time.monotonic()
        while True:
            await asyncio.sleep(self._poll_seconds)
            every = self.faults.current.drop_websockets_seconds
            if every is None or time.monotonic() - dropped < every:
                continue
            self.drop_websockets()
            dropped = time.monotonic()


@web.middleware
async def _answer_errors(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as error:
        return web.json_response({"code": error.code, "msg": error.message}, status=error.status)
    except web.HTTPException as error:
        log.warning("request_not_served", method=request.method, path=request.path, status=error.status)
        return web.Response(status=error.status, text=f"{request.method} {request.path}: {error.reason}")
    except Exception:  # a defect of this program is answered as Binance does and logged with its trace
        log.exception("request_failed", method=request.method, path=request.path)
        message = "An unknown error occurred while processing the request."
        return web.json_response({"code": -1000, "msg": message}, status=500)
