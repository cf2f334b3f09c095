"""Reads the strategy's section of Freqtrade's configuration."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError  # comes with Freqtrade

Host = Annotated[str, Field(description="a host name or an address")]
File = Annotated[str | None, Field(description="a path")]
_SWITCHED = Field(description="true or false")
Port = Annotated[int, Field(ge=1, le=65535)]
_PORT = Field(description="a whole number from 1 to 65535")
Hours = Annotated[float | None, Field(gt=0, allow_inf_nan=False, description="a number above 0")]


class Settings(BaseModel):
    """The section `cryptoboy` of Freqtrade's configuration.

    Raises:
        ValueError: a value has the wrong type.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    redis_host: Host = "localhost"
    redis_port: Annotated[Port, _PORT] = 6379
    redis_password: Any = Field(default=None, repr=False)
    redis_db: Annotated[int, Field(ge=0, description="a whole number that is not negative")] = 0
    redis_tls: Annotated[bool, _SWITCHED] = False
    redis_ca_file: File = None  # None: the system's CAs
    redis_cert_file: File = None  # of our own, where Redis asks for one
    redis_key_file: File = None
    sentiment_csv: File = None
    staleness_hours: Hours = None  # None: as the parameter of that name says
    allow_degraded: Annotated[bool | None, _SWITCHED] = None  # None: as the parameter buy_allow_degraded says
    redis_user: Annotated[str | None, Field(description="a name")] = None  # None: the default user
    metrics_host: Host = "127.0.0.1"
    metrics_port: Annotated[Port | None, _PORT] = None  # None: no metrics
    redis_socket: File = None  # a Unix socket, used instead of host and port

    @property
    def redis_address(self) -> str:
        """The address of Redis, for messages."""
        return self.redis_socket or f"{self.redis_host}:{self.redis_port}"

    @classmethod
    def read(cls, section: Mapping[str, Any], environment: Mapping[str, str]) -> "Settings":
        """Read the settings from the configuration or, for fields missing there, from environment variables.

        The variables are SENTIMENT_CSV and REDIS_*: HOST, PORT, SOCKET, USER, PASSWORD, TLS ... REDIS_PASSWORD_FILE
        names a file that contains the password, and STRATEGY_METRICS_PORT sets `metrics_port`.

        Raises:
            ValueError: a value has the wrong type, a name is unknown, or the password cannot be read.
        """
        chosen = {name: value for name, value in section.items() if value is not None}
        texts = {
            name: text if name == "redis_password" else text.strip()
            for name, variable in _VARIABLES.items()
            # Kubernetes calls the address of a service named redis so: REDIS_PORT=tcp://10.0.0.1:6379
            if (text := environment.get(variable)) and not (name == "redis_port" and "://" in text)
        }
        if (file := environment.get("REDIS_PASSWORD_FILE")) and not chosen.get("redis_password"):
            texts["redis_password"] = _read_password(file, is_given="redis_password" in texts)
        try:
            given = cls.model_validate_strings({name: texts[name] for name in texts.keys() - chosen})
            return cls(**given.model_dump(exclude_unset=True) | chosen)
        except ValidationError as error:
            raise ValueError(_problem(error)) from None


_VARIABLES = {
    name: name.upper()
    for name in Settings.model_fields
    if name.startswith(("redis", "sentiment")) and name != "redis_db"
} | {"metrics_port": "STRATEGY_METRICS_PORT"}
"""The name of the environment variable for each field."""


def _problem(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    name, fields = str(first["loc"][0]), Settings.model_fields
    if name not in fields:
        return f"cryptoboy.{name} is unknown; allowed are {', '.join(fields)}"
    return f"cryptoboy.{name} is {first['input']!r}, expected {fields[name].description}"


def _read_password(file: str, *, is_given: bool) -> str:
    if is_given:
        raise ValueError("REDIS_PASSWORD and REDIS_PASSWORD_FILE are both set: keep one of them")
    try:
        password = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"REDIS_PASSWORD_FILE={file} cannot be read ({type(error).__name__})") from None
    if not password:
        raise ValueError(f"REDIS_PASSWORD_FILE={file} is empty")
    return password
