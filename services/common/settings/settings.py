"""Every variable the project reads, declared once: name, type, default, meaning.

The variables of the servers, the news sources, scoring, trading, the API, the notifier and the watchdogs are declared
in other modules of this package.

The environment wins over the `.env` file, whose place `folders` chooses. Settings are read with `Settings.load` only.
It reports all mistakes in one `StopProgram`, which names each variable, its value and what is allowed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field, PrivateAttr, Secret, SecretStr, ValidationError, field_validator
from pydantic_core import from_json

from services.common.settings.api import ApiSettings
from services.common.settings.folders import PROJECT_ROOT
from services.common.settings.history import HistorySettings
from services.common.settings.names import SUFFIX, find_unknown_names
from services.common.settings.news import NewsSettings
from services.common.settings.notifier import NotifierSettings
from services.common.settings.reach import ReachSettings
from services.common.settings.report import Mistake, describe_mistakes, refuse
from services.common.settings.scoring import MODEL_FIELDS, Fallback, ScorerKind, ScoringSettings
from services.common.settings.secrets import read_secret_files, secret_variables, without_placeholders
from services.common.settings.servers import BrokerKind, BrokerSettings, StoreSettings
from services.common.settings.sources import (
    CURRENT_ENV_FILE,
    default_env_file,
    emptied,
    read_env_file,
    texts_of,
)
from services.common.settings.trading import CAREFUL_IF_EMPTY, TradingSettings
from services.common.settings.types import Port
from services.common.settings.watch import WatchSettings
from services.common.values import ChosenName, Timeframe, is_pair, split_pairs

__all__ = [
    "CURRENT_ENV_FILE",
    "PROJECT_ROOT",
    "BrokerKind",
    "Fallback",
    "LogFormat",
    "ScorerKind",
    "Settings",
]


class LogFormat(StrEnum):
    """The formats of log lines."""

    TEXT = "text"
    JSON = "json"


class Settings(
    BrokerSettings,
    StoreSettings,
    HistorySettings,
    NewsSettings,
    ScoringSettings,
    TradingSettings,
    ApiSettings,
    NotifierSettings,
    WatchSettings,
    ReachSettings,
):
    """Immutable configuration of a process. Times are seconds unless the name says otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)

    # Logging and the port of each service for /health and /metrics
    log_level: str = Field(
        "INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR"
    )
    log_format: LogFormat = Field(LogFormat.TEXT, description="text for people, json for programs")
    health_host: str = Field("127.0.0.1", description="address on which /health and /metrics listen")
    health_port: Port | None = Field(
        None, description="port for /health and /metrics; unset: the one in docs/architecture.md"
    )

    # Market
    trading_pairs: tuple[ChosenName, ...] = Field(
        ("BTC/USDT", "ETH/USDT", "BNB/USDT"),
        min_length=1,
        description="pairs, separated by commas; an asset (SOL) is scored for all its pairs, not streamed or traded",
    )
    candle_timeframe: Timeframe = Field(
        "1m", description="length of the candles that market_streamer publishes"
    )
    exchange: str = Field(
        "binance", pattern="^[a-z0-9_]{2,40}$", description="an exchange that ccxt knows, in its spelling"
    )
    exchange_config: Secret[dict[str, Any]] = Field(
        default_factory=lambda: Secret({}),
        description="JSON object merged into ccxt's configuration; may hold keys",
    )

    _unusable: tuple[Mistake, ...] = PrivateAttr(default=())
    _named_in_file: frozenset[str] = PrivateAttr(default=frozenset())

    @property
    def market_pairs(self) -> tuple[str, ...]:
        """The entries of TRADING_PAIRS that are pairs: those that are streamed and traded."""
        return tuple(name for name in self.trading_pairs if is_pair(name))

    @property
    def unusable(self) -> tuple[Mistake, ...]:
        """The mistakes in variables that were ignored; the fields of these variables have defaults. See `require`."""
        return self._unusable

    @property
    def named_in_file(self) -> frozenset[str]:
        """The fields that the `.env` file sets, even if the environment sets them to something else."""
        return self._named_in_file

    def require(self, fields: Collection[str]) -> None:
        """Check that the values of these fields are valid. Callers do this before they use the fields.

        Raises:
            StopProgram: some values are not valid. The message names each of them.
        """
        refuse(mistake for mistake in self._unusable if mistake.field in fields)

    @field_validator("trading_pairs", mode="before")
    @classmethod
    def _split_pairs(cls, value: object) -> object:
        return split_pairs(value) if isinstance(value, str) else value

    @field_validator("exchange_config", mode="before")
    @classmethod
    def _parse_object(cls, value: object) -> object:
        with suppress(ValueError):  # a text that is not JSON is refused later, because it is no object
            return from_json(value) if isinstance(value, str) else value
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    def changed(self, **updates: Any) -> Settings:  # noqa: ANN401 - any field
        """Return a copy with some fields changed, validated like the original. Other unset fields stay unset."""
        copy = type(self)(**{**self.model_dump(exclude_unset=True), **updates})
        left = tuple(mistake for mistake in self._unusable if mistake.field not in updates)
        copy._remember(left, self._named_in_file)  # noqa: SLF001 - of our own class
        return copy

    def _remember(self, unusable: tuple[Mistake, ...], named_in_file: frozenset[str]) -> None:
        self._unusable, self._named_in_file = unusable, named_in_file

    def environment(self) -> dict[str, str]:
        """Return the variables with which another process of ours loads exactly these settings, secrets included."""
        variables = {CURRENT_ENV_FILE: ""}
        # The variables of secret files are empty, because a secret must not be given both as a file and as a value.
        variables |= {name + SUFFIX: "" for name in secret_variables(type(self).model_fields)}
        for field, value in self.model_dump().items():
            if value is not None:
                variables[field.upper()] = _as_text(value)
        return variables

    @classmethod
    def variables(cls) -> frozenset[str]:
        """Return all our variables: one for each setting, and for each secret also the one that names its file."""
        files = (name + SUFFIX for name in secret_variables(cls.model_fields))
        return frozenset({*(name.upper() for name in cls.model_fields), *files})

    @classmethod
    def load(
        cls,
        environ: Mapping[str, str] | None = None,
        env_file: Path | None = None,
        *,
        uses: Collection[str] | None = None,
    ) -> Settings:
        """Read the settings from a `.env` file and the environment, which wins.

        Args:
            environ: the variables. If None, those of this process are used, and `env_file` defaults to the result of
                `default_env_file`.
            env_file: a file of NAME=value lines. A missing file is an empty one.
            uses: the fields that the program uses. If None, all fields except those that only some scorers use.
                Mistakes in other fields raise no error and are listed in `unusable`.

        Raises:
            StopProgram: a variable is unknown or has a value that is not allowed. The message names each of them.
        """
        if environ is None:
            environ = os.environ
            env_file = env_file or default_env_file(environ)
        from_file = read_env_file(env_file) if env_file is not None else {}
        names = cls.variables()
        in_file = texts_of(from_file, names - emptied(environ, CAREFUL_IF_EMPTY))
        given = {
            **without_placeholders(in_file, cls.model_fields),
            **without_placeholders(texts_of(environ, names), cls.model_fields),
        }
        secrets, unreadable = read_secret_files(given, cls.model_fields)
        given |= without_placeholders(secrets, cls.model_fields)
        values = {name.lower(): text for name, text in given.items() if name.lower() in cls.model_fields}
        settings, unfit = cls._build(values)
        unknown = find_unknown_names(environ, from_file, names)
        wrong = (*(Mistake(each.field, str(each)) for each in unknown), *unreadable, *unfit)
        settings._remember(  # noqa: SLF001 - of our own class
            wrong, frozenset(name.lower() for name in in_file)
        )
        if uses is None:
            uses = {field for field in cls.model_fields if field not in MODEL_FIELDS}
            uses |= {each.field for each in unknown}
        settings.require(uses)
        return settings

    @classmethod
    def _build(cls, values: Mapping[str, Any]) -> tuple[Settings, list[Mistake]]:
        """Return the settings made from the valid values, and the mistakes in the other values."""
        try:
            return cls(**values), []
        except ValidationError as error:
            mistakes = describe_mistakes(error, cls.model_fields)
        fields = {mistake.field for mistake in mistakes}
        if not fields <= values.keys():
            refuse(mistakes)  # values that contradict one another
        return cls(**{field: value for field, value in values.items() if field not in fields}), mistakes


def _as_text(value: Any) -> str:  # noqa: ANN401 - any field
    if isinstance(value, (Secret, SecretStr)):
        value = value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(value)
    return json.dumps(value) if isinstance(value, (dict, bool)) else str(value)
