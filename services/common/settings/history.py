"""The variables of the history: where it is, and how much of it is kept."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel, Field, SecretStr, field_validator

FILE_NAME = "history.sqlite"
"""The file in STATE_DIR that is the history unless HISTORY_URL names another."""


class HistorySettings(BaseModel):
    """The part of `Settings` that says where the history is, and for how long rows are kept."""

    history_url: SecretStr | None = Field(
        None,
        description="sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE; unset: history.sqlite in "
        "STATE_DIR",
    )
    history_retention_days: float = Field(
        365.0, ge=0, description="days after which rows of the history are removed, but not trades; 0: never"
    )
    history_max_mb: float = Field(
        4_000.0, ge=0, description="size in MB from which the oldest rows of the history are removed; 0: none"
    )

    @field_validator("history_url")
    @classmethod
    def _is_a_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _check_url(value.get_secret_value())
        return value


def _check_url(url: str) -> None:
    if not url.startswith((_SQLITE, *_POSTGRESQL)):
        raise ValueError("must begin with sqlite:///, or postgresql+psycopg://")
    if url.startswith(_SQLITE):
        if url.removeprefix(_SQLITE) in {"", ":memory:"}:
            raise ValueError("must name a file, as sqlite:////var/lib/cryptoboy/history.sqlite does")
        return
    address = _ADDRESS.fullmatch(url)
    if address is None:
        raise ValueError(
            "is no URL postgresql+psycopg://USER:PASSWORD@HOST:PORT/DATABASE; write special characters of the "
            "password as %XX, as %40 for @"
        )
    if (port := address["port"]) and not 0 < int(port) <= _LARGEST_PORT:
        raise ValueError(f"has a port that is not between 1 and {_LARGEST_PORT}")


_LARGEST_PORT = 65_535
_SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql+psycopg://", "postgresql://")
_ADDRESS = re.compile(
    r"[a-z+]+://"
    r"[^:/@]*(:[^@]*)?@"  # one @ only: of two, a part of the password would be taken for the host, which is shown
    r"(\[[^]@]+\]|[^]\[:/?@]*)(:(?P<port>[0-9]{1,9}))?"
    r"/[^/?@]+(\?[^@]*)?"
)
HISTORY_FIELDS = frozenset({*HistorySettings.model_fields, "state_dir"})
"""The fields of `Settings` with which the history is opened and trimmed."""


def url_of(history_url: SecretStr | None, state_dir: Path) -> str:
    """Return the URL of the history."""
    return history_url.get_secret_value() if history_url else f"sqlite:///{state_dir / FILE_NAME}"
