"""The middleware that counts requests and measures how long their answers take."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.common.runtime.metrics import API_REQUESTS, API_SECONDS

OTHER = "other"


class Measure:
    """Measures each request by its route, so that nobody makes new labels by asking for new paths."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and measure it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, begun = 500, time.perf_counter()

        async def send_measured(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_measured)
        finally:
            route = getattr(scope.get("route"), "path", OTHER)
            API_REQUESTS.labels(route, str(status)).inc()
            API_SECONDS.labels(route).observe(time.perf_counter() - begun)
