"""WebSocket connections that end even if the client reads nothing any more."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

CLOSE_SECONDS = 5.0


class EndingProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol, except that closing a connection never waits for a client that reads nothing."""

    async def send(self, message: MutableMapping[str, Any]) -> None:  # type: ignore[override]  # types of uvicorn
        """Send a message. A close frame goes behind what is buffered, and after five seconds all of it is dropped."""
        if message["type"] == "websocket.close":
            self.writable.set()
            self.loop.call_later(CLOSE_SECONDS, self.transport.abort)
        await super().send(message)  # type: ignore[arg-type]
