"""Asks Freqtrade's REST API. Only GET is used, so nothing here can trade, stop or change the bot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from services.common.errors import StopProgram, TryLater
from services.common.history.rows import ARTICLE_OF_TRADE
from services.common.settings.secrets import reveal
from services.common.settings.settings import Settings

TIMEOUT_SECONDS = 10.0
_MOST_OF_NAME = 200
_MOST_OF_ID = 200
_ANYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared, not listened on # nosec B104


@dataclass(frozen=True, slots=True)
class Bot:
    """A running Freqtrade.

    Attributes:
        name: the beginning of the name of the bot, and when its database was first used: a new database counts trades
            from 1 again.
        timeframe: the candles on which the strategy decides.
        started: when the process started.
    """

    name: str
    timeframe: str
    started: datetime


class FreqtradeRest:
    """A client of one bot. Credentials are sent in a header. All methods raise TryLater and StopProgram.

    TryLater: the bot does not answer. StopProgram: it refuses the credentials.
    """

    def __init__(self, settings: Settings) -> None:
        self.address = address_of(settings)
        self._client = httpx.Client(
            base_url=f"http://{self.address}/api/v1",
            auth=(settings.freqtrade_api_user, reveal(settings.freqtrade_api_pass)),
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
        )

    def bot(self) -> Bot | None:
        """The bot that answers; None while it was never started."""
        return bot_of(self._get("/show_config"), self._get("/health"))

    def whitelist(self) -> list[str]:
        """The pairs that the bot may trade now."""
        return [str(pair) for pair in self._get("/whitelist")["whitelist"]]

    def open_trades(self) -> list[dict[str, Any]]:
        """The open trades as objects of the API."""
        found: list[dict[str, Any]] = self._get("/status")
        return found

    def closed_trades(self, limit: int, offset: int) -> list[dict[str, Any]]:
        """Closed trades as objects of the API, those closed last first."""
        answer = self._get("/trades", limit=limit, offset=offset, order_by_id="false")
        return [trade for trade in answer["trades"] if not trade["is_open"]]

    def article_of(self, trade_id: int) -> str:
        """The id of the article that the strategy stored with a trade; empty if it stored none."""
        stored = self._get(f"/trades/{trade_id}/custom-data", missing=[], key=ARTICLE_OF_TRADE)
        values = [entry["value"] for trade in stored for entry in trade["custom_data"]]
        return next((value[:_MOST_OF_ID] for value in values if isinstance(value, str)), "")

    def trade(self, trade_id: int) -> dict[str, Any] | None:
        """A trade as an object of the API; None if the bot knows none with this id."""
        found: dict[str, Any] = self._get(f"/trade/{trade_id}", missing={})
        return found or None

    def candles(self, pair: str, timeframe: str, limit: int) -> dict[str, Any]:
        """The last rows of the strategy's dataframe: `columns`, `data`, and the own columns as `all_columns`."""
        answer: dict[str, Any] = self._get("/pair_candles", pair=pair, timeframe=timeframe, limit=limit)
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _get(self, path: str, *, missing: Any = None, **parameters: str | int) -> Any:  # noqa: ANN401 - JSON
        """The answer of a route; `missing`, unless it is None, where the bot does not know what is asked for."""
        try:
            answer = self._client.get(path, params=parameters)
            if answer.status_code == httpx.codes.NOT_FOUND and missing is not None:
                return missing
            if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
                raise StopProgram(
                    f"Freqtrade at {self.address} refuses FREQTRADE_API_USER and FREQTRADE_API_PASS"
                )
            return answer.raise_for_status().json()
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            raise TryLater(f"Freqtrade at {self.address} answers {path} with {status}") from None
        except (httpx.HTTPError, ValueError) as error:
            raise TryLater(f"Freqtrade at {self.address} does not answer: {type(error).__name__}") from None


def address_of(settings: Settings) -> str:
    """Host and port of Freqtrade's API; loopback if it listens on all addresses."""
    host = "127.0.0.1" if settings.freqtrade_api_host in _ANYWHERE else settings.freqtrade_api_host
    return f"{f'[{host}]' if ':' in host else host}:{settings.freqtrade_api_port}"


def bot_of(shown: Mapping[str, Any], health: Mapping[str, Any]) -> Bot | None:
    """The bot that answers `/show_config` and `/health` like this; None while it was never started.

    Raises:
        KeyError, TypeError, ValueError: the answers are not understood.
    """
    first, started = health.get("bot_start_ts"), health.get("bot_startup_ts")
    if not first or not started:
        return None
    return Bot(
        name=f"{str(shown['bot_name'])[:_MOST_OF_NAME]}@{datetime.fromtimestamp(first, UTC):%Y%m%dT%H%M%SZ}",
        timeframe=str(shown["timeframe"]),
        started=datetime.fromtimestamp(started, UTC),
    )
