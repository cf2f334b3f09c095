"""A server for Freqtrade's API whose clients cannot stop Freqtrade from managing its trades.

Freqtrade's own server has two faults. If another program uses the port, the server waits for ever, before Freqtrade
manages any trade. It also keeps every connection open, until no file descriptor is left for connections to the
exchange.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from contextlib import suppress
from typing import Any

import uvicorn
from freqtrade.rpc.api_server import webserver
from freqtrade.rpc.api_server.uvicorn_threaded import UvicornServer

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 100
"""The maximum number of open connections. A further one closes the oldest, so new requests are always answered."""
_LOOK_SECONDS = 0.01


def keep_serving(listener: socket.socket | None) -> None:
    """Make Freqtrade serve its API by `Server` in this process; `listener` already listens on the API's port."""

    class Ours(Server):
        _listener = listener

    webserver.UvicornServer = Ours


class Server(UvicornServer):  # type: ignore[misc]  # Freqtrade has no types
    """Serves at most MOST_CONNECTIONS connections, on a socket that already listens if there is one.

    If the port cannot be listened on, Freqtrade runs without an API, and its log says so.
    """

    _listener: socket.socket | None = None

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        config.load()
        config.http_protocol_class = _bounded(config.http_protocol_class)

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until asked to end. Only a copy of the socket is closed then, as Freqtrade may serve again."""
        with suppress(SystemExit):  # it cannot listen, and has said why
            super().run([self._listener.dup()] if self._listener else sockets)

    def run_in_thread(self) -> None:
        """Start a thread that serves the API; return as soon as the API is served or cannot be served."""
        self.thread = threading.Thread(target=self.run, name="FTUvicorn")
        self.thread.start()
        while not self.started:
            self.thread.join(_LOOK_SECONDS)
            if not self.thread.is_alive():
                log.error(
                    "Freqtrade's API is not served: its port cannot be listened on. Trades are watched without it; "
                    "nothing can be asked of Freqtrade until it starts again with the port free"
                )
                return


def _bounded(protocol: Any) -> type[asyncio.Protocol]:  # noqa: ANN401 - a class that uvicorn chooses when it runs
    connected: dict[asyncio.BaseTransport, None] = {}

    class Bounded(protocol):  # type: ignore[misc]
        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            for each in [each for each in connected if each.is_closing()]:
                del connected[each]
            connected[transport] = None
            if len(connected) > MOST_CONNECTIONS:
                oldest = next(iter(connected))
                del connected[oldest]
                oldest.abort()  # type: ignore[attr-defined]

    return Bounded
