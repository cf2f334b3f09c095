"""Freqtrade's message WebSocket: what the bot does, as it happens."""

from __future__ import annotations

import json
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import connect

from services.common.errors import StopProgram, TryLater
from services.common.settings.secrets import reveal
from services.common.settings.settings import Settings
from services.history_recorder.freqtrade.rest import address_of

TRADE_MESSAGES = ("entry", "entry_fill", "entry_cancel", "exit", "exit_fill", "exit_cancel")
ANALYSED = "analyzed_df"
OPEN_SECONDS = 10.0
_MOST_BYTES = 16 * 1024 * 1024
_REFUSED = frozenset({401, 403})


class MessageStream:
    """A connection that receives the messages about trades and analysed rows. Used within a `with` block.

    Raises:
        TryLater: the bot cannot be reached, or the connection was lost.
        StopProgram: the bot refuses the token.
    """

    def __init__(self, settings: Settings) -> None:
        self._address = address_of(settings)
        self._token = quote(reveal(settings.freqtrade_ws_token), safe="")
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        # Freqtrade takes the token in the address only, so no error of this call may be shown as it is.
        address = f"ws://{self._address}/api/v1/message/ws?token={self._token}"
        try:
            connecting = connect(address, proxy=None, open_timeout=OPEN_SECONDS, max_size=_MOST_BYTES)
            self._connection = self._opened.enter_context(connecting)
            self._connection.send(json.dumps({"type": "subscribe", "data": [*TRADE_MESSAGES, ANALYSED]}))
        except InvalidStatus as error:
            if error.response.status_code in _REFUSED:
                raise StopProgram(f"Freqtrade at {self._address} refuses FREQTRADE_WS_TOKEN") from None
            raise TryLater(f"Freqtrade at {self._address} opens no WebSocket") from None
        except (OSError, WebSocketException) as error:
            raise TryLater(f"Freqtrade at {self._address} does not answer: {type(error).__name__}") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def receive(self, timeout: float) -> dict[str, Any] | None:
        """The next message; None if none arrives within `timeout` seconds, or if it is not an object."""
        try:
            message = json.loads(self._connection.recv(timeout))
        except (TimeoutError, ValueError):
            return None
        except (OSError, WebSocketException) as error:
            raise TryLater(f"Freqtrade at {self._address} closed: {type(error).__name__}") from None
        return message if isinstance(message, dict) else None
