"""The variables of the notifier: its rules, its channels, and when a briefing is due."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, field_validator

from services.common.settings.types import Port, ZoneName

TELEGRAM = "telegram"
"""The name of the channel of NOTIFY_TELEGRAM_TOKEN."""
_NAMED = re.compile(r"(?P<name>[a-z][a-z0-9_-]{0,31})=(?P<url>\S+)")
_SPACED = re.compile(r"(?<!\S)([a-z][a-z0-9_-]{0,31})\s*=\s*(?=\S)")


ChatId = Annotated[str, Field(pattern=r"^-?[1-9][0-9]{0,18}$")]


class NotifierSettings(BaseModel):
    """The part of `Settings` for the notifier."""

    notify_rules_file: Path | None = Field(
        None,
        description="TOML file that says what is told to whom; unset: notify.toml beside .env, if there is one",
    )
    notify_urls: SecretStr | None = Field(
        None, description="channels as NAME=URL, one a line or separated by spaces; URL as Apprise writes it"
    )
    notify_telegram_token: SecretStr | None = Field(
        None, description="token of a Telegram bot of its own, not that of TELEGRAM_BOT_TOKEN"
    )
    notify_telegram_chats: tuple[ChatId, ...] | None = Field(
        None, description="ids of the Telegram chats that are told and may ask, separated by commas"
    )
    notify_telegram_api: str = Field(
        "https://api.telegram.org", pattern="^https?://[^/@ ]+$", description="address of the Bot API server"
    )
    notify_webhook_token: SecretStr | None = Field(
        None,
        min_length=12,
        description="token with which Alertmanager sends its alerts; unset: none is taken in",
    )
    notify_webhook_port: Port = Field(
        0,
        description="port on HEALTH_HOST at which alerts of Alertmanager are taken in; 0: none",
    )
    notify_name: str | None = Field(
        None,
        max_length=40,
        description="name of this system, put before each message: for several systems that tell one phone",
    )
    brief_at: time = Field(time(8), description="when the daily briefing is sent, as HH:MM in BRIEF_TIMEZONE")
    brief_timezone: ZoneName = Field("UTC", description="time zone of the briefings, such as Europe/Berlin")

    @field_validator("brief_at")
    @classmethod
    def _check_time(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise ValueError("is a time of day without a zone, such as 08:00; BRIEF_TIMEZONE names the zone")
        return value

    @field_validator("notify_urls")
    @classmethod
    def _check_urls(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            named_urls(value)
        return value

    @field_validator("notify_telegram_chats", mode="before")
    @classmethod
    def _split_chats(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @property
    def channel_names(self) -> tuple[str, ...]:
        """The names of the channels, as rules name them."""
        telegram = (TELEGRAM,) if self.notify_telegram_token is not None else ()
        return (*named_urls(self.notify_urls), *telegram)

    @property
    def has_channels(self) -> bool:
        """Whether there is anybody to tell anything to."""
        return bool(self.channel_names)


def named_urls(urls: SecretStr | None) -> dict[str, str]:
    """NOTIFY_URLS as a mapping from the name of a channel to its URL.

    Raises:
        ValueError: a part is not written as NAME=URL, or a name is there twice. The message names no URL.
    """
    found: dict[str, str] = {}
    lines = (urls.get_secret_value() if urls else "").splitlines()
    written = " ".join(line for line in lines if not line.lstrip().startswith("#"))
    for part in _SPACED.sub(r"\1=", written).split():
        match = _NAMED.fullmatch(part)
        if match is None:
            raise ValueError(
                "each channel is written as NAME=URL, with a name such as phone, and no space in it"
            )
        if match["name"] == TELEGRAM:
            raise ValueError(f"{TELEGRAM} is the name of the channel of NOTIFY_TELEGRAM_TOKEN; take another")
        if match["name"] in found:
            raise ValueError(f"the channel {match['name']} is there twice")
        found[match["name"]] = match["url"]
    return found
