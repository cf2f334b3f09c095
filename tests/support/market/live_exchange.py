"""A server that answers as Binance does what is asked before live trading: its time, and what a key may do."""

from __future__ import annotations

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from services.replay_exchange.ccxt_config import ccxt_config
from tests.support.servers.running import RunningServer

TRADES_ONLY = {
    "ipRestrict": True,
    "createTime": 1698645219000,
    "enableReading": True,
    "enableSpotAndMarginTrading": True,
    "enableWithdrawals": False,
    "enableInternalTransfer": False,
    "permitsUniversalTransfer": False,
    "enableFutures": False,
}


class LiveExchange(RunningServer):
    """On a free port of loopback.

    Attributes:
        seconds_ahead: of its clock, before this machine's.
        rights: the answer about the key.
        status: of that answer.
        asked: the paths that were asked for, without their queries.
    """

    def __init__(self) -> None:
        self.seconds_ahead = 0.0
        self.rights: Any = dict(TRADES_ONLY)
        self.status = 200
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                outer.asked.append(path)
                status, answer = outer.answer(path)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        super().__init__(server)
        self.url = f"http://127.0.0.1:{server.server_port}"

    def answer(self, path: str) -> tuple[int, Any]:
        """Status and JSON."""
        if path == "/api/v3/time":
            return 200, {"serverTime": int((time.time() + self.seconds_ahead) * 1000)}
        if path == "/sapi/v1/account/apiRestrictions":
            return self.status, self.rights
        return 404, {"code": -1, "msg": "not here"}

    def config(self) -> dict[str, Any]:
        """EXCHANGE_CONFIG that leads here."""
        return ccxt_config(self.url)
