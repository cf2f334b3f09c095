"""A client of Freqtrade's REST API, with the few calls that are needed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import httpx

from services.common.errors import TryLater
from services.common.runtime.ports import users_listening
from services.common.settings.secrets import reveal
from services.common.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade of the bot. Rates are in the quote currency, `profit_ratio` is a fraction of the stake."""

    trade_id: int
    pair: str
    is_open: bool
    open_rate: float
    stake_amount: float
    open_date: str
    enter_tag: str = ""
    exit_reason: str = ""
    close_rate: float | None = None
    profit_ratio: float = 0.0
    close_date: str = ""

    @property
    def closed_after_news(self) -> bool:
        """Whether the trade has ended and was opened because of news, as its entry tag says."""
        return not self.is_open and "sentiment" in self.enter_tag


class FreqtradeApi:
    """A client of one bot. Credentials are sent in a header, never in a URL."""

    def __init__(self, port: int, user: str, password: str, host: str = "127.0.0.1") -> None:
        self._address = (_reachable(host), port)
        self._client = httpx.Client(
            base_url=httpx.URL(scheme="http", host=self._address[0], port=port, path="/api/v1"),
            auth=(user, password),
            timeout=5.0,
            trust_env=False,
        )

    @classmethod
    def of(cls, server: Mapping[str, Any]) -> Self:
        """Return a client of the bot whose configuration has `server` as its section `api_server`."""
        return cls(server["listen_port"], server["username"], server["password"], server["listen_ip_address"])

    @classmethod
    def of_settings(cls, settings: Settings) -> Self:
        """Return a client of the bot of these settings; without FREQTRADE_API_PASS the client has no password."""
        password = reveal(settings.freqtrade_api_pass)
        return cls(settings.freqtrade_api_port, settings.freqtrade_api_user, password)

    def is_of_another_user(self) -> bool:
        """Whether a process of another user listens on the API's port: that process would get the password."""
        try:
            return bool(users_listening(*self._address) - {os.geteuid()})
        except OSError:  # no IPv4 address: the owner of a listener can be found for those only
            return False

    def trades(self) -> list[Trade]:
        """All trades, each once, open ones first.

        Raises:
            TryLater: the bot does not answer.
        """
        still_open = self._get("/status")
        closed = [row for row in self._get("/trades", limit=500)["trades"] if not row["is_open"]]
        # A trade that closes between the two requests is in both answers.
        closed_ids = {row["trade_id"] for row in closed}
        return [_trade(row) for row in still_open if row["trade_id"] not in closed_ids] + [
            _trade(row) for row in closed
        ]

    def state(self) -> str:
        """The state of the bot, such as `running`. Raises TryLater."""
        return str(self.configuration()["state"])

    def configuration(self) -> dict[str, Any]:
        """The configuration that the bot uses, by Freqtrade's names, without secrets. Raises TryLater."""
        shown = self._get("/show_config")
        if not isinstance(shown, dict):
            raise TryLater("Freqtrade's API shows no configuration")
        return shown

    def whitelist(self) -> list[str]:
        """The pairs that the bot may trade now. Raises TryLater."""
        return [str(pair) for pair in self._get("/whitelist")["whitelist"]]

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _get(self, path: str, **parameters: int) -> Any:  # noqa: ANN401 - JSON
        try:
            return self._client.get(path, params=parameters).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise TryLater(f"Freqtrade's API does not answer: {type(error).__name__}") from error


def _reachable(host: str) -> str:
    """The address for connecting to a server that listens on `host`; loopback if `host` means all addresses."""
    return "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared, not bound # nosec B104


def _trade(row: dict[str, Any]) -> Trade:
    """Convert an object of the API. Values that Freqtrade sends as null are not known yet and get their defaults."""
    names = {each.name for each in fields(Trade)}
    return Trade(**{name: value for name, value in row.items() if name in names and value is not None})
