"""The variables of the API: where it listens, who may ask it, and whom it asks."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field, field_validator

from services.common.settings.types import Port


def _parts(value: object) -> object:
    return (
        tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
    )


class ApiSettings(BaseModel):
    """The part of `Settings` for the API and its page."""

    api_host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="address on which the API listens; reading without a key only on loopback",
    )
    api_port: Port = Field(8110, description="port of the API and its page")
    api_keys_file: Path | None = Field(
        None, description="file of the hashed API keys; unset: api_keys.json in STATE_DIR"
    )
    api_rate_per_minute: int = Field(
        600, ge=1, le=1_000_000, description="requests a minute that one API key may make"
    )
    api_origins: tuple[str, ...] | None = Field(
        None,
        description="origins whose pages may ask the API from a browser (CORS), such as https://example.org",
    )
    api_services: tuple[str, ...] | None = Field(
        None,
        description="where services answer /health, as name=host:port,...; unset: here, on their usual ports",
    )
    api_note: str | None = Field(
        None, max_length=1_000, description="a note at the top of every page, such as which system it shows"
    )

    @field_validator("api_origins", "api_services", mode="before")
    @classmethod
    def _split_lists(cls, value: object) -> object:
        return _parts(value)

    @field_validator("api_origins")
    @classmethod
    def _check_origins(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for origin in value or ():
            scheme, separator, rest = origin.partition("://")
            if scheme not in {"http", "https"} or not separator or not rest or "/" in rest or "*" in rest:
                raise ValueError(f"{origin!r} is no origin such as https://example.org")
        return value

    @field_validator("api_services")
    @classmethod
    def _check_services(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for entry in value or ():
            name, _, address = entry.partition("=")
            host, _, port = address.rpartition(":")
            if not name or not host or not port.isdecimal() or int(port) > 65_535:  # noqa: PLR2004 - the largest port
                raise ValueError(f"{entry!r} is not written as name=host:port")
        return value

    @property
    def service_addresses(self) -> dict[str, str]:
        """API_SERVICES as a mapping from the name of a service to host:port."""
        return dict(entry.split("=", 1) for entry in self.api_services or ())
