"""Freqtrade in a system of containers, as its REST API shows it."""

from __future__ import annotations

import json
from typing import Any

from tests.support.containers.stack import Stack
from tests.support.waiting import eventually

API = "http://localhost:8080/api/v1"
ENTRY_SECONDS = 300.0
"""Two candles after its start the bot enters, when the exchange replays waves.py; this is for a busy machine."""
_PAUSE_SECONDS = 1.0


class Bot:
    """The bot of a stack. Each call asks anew; OSError where it does not answer or refuses."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def get(self, path: str) -> Any:
        """The answer at this path of the API."""
        return json.loads(
            self._stack.http(f"{API}/{path}", user="cryptoboy", password=self._stack.secret("freqtrade_api"))
        )

    def post(self, path: str, **body: str) -> Any:
        """The answer to a command."""
        password = self._stack.secret("freqtrade_api")
        return json.loads(self._stack.http(f"{API}/{path}", user="cryptoboy", password=password, posted=body))

    def open_trades(self) -> list[dict[str, Any]]:
        """The open trades; none while it does not answer."""
        try:
            return list(self.get("status"))
        except OSError:
            return []

    def wait_for_trade(self) -> dict[str, Any]:
        """An open trade, as soon as there is one."""
        eventually(self.open_trades, "an open trade", seconds=ENTRY_SECONDS, look=_PAUSE_SECONDS)
        return self.open_trades()[0]

    def last_candle(self, pair: str = "BTC/USDT") -> dict[str, Any]:
        """The newest candle that the strategy has analysed, by column; empty while there is none."""
        try:
            frame = self.get(f"pair_candles?pair={pair}&timeframe=1m&limit=1")
        except OSError:
            return {}
        return dict(zip(frame["columns"], frame["data"][-1], strict=True)) if frame["data"] else {}

    def wait_for_fresh_sentiment(self, pair: str = "BTC/USDT") -> None:
        """Return when the strategy has analysed a candle of this pair with fresh sentiment."""
        eventually(
            lambda: self.last_candle(pair).get("sentiment_status") == "fresh",
            lambda: f"fresh sentiment of {pair}: {self.last_candle(pair)}",
            seconds=ENTRY_SECONDS,
            look=_PAUSE_SECONDS,
        )
