"""The strategy's section of Freqtrade's configuration."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

_FROM_ENVIRONMENT = (
    "redis_host",
    "redis_port",
    "redis_socket",
    "redis_user",
    "redis_password",
    "redis_tls",
    "redis_ca_file",
    "redis_cert_file",
    "redis_key_file",
    "sentiment_csv",
)
_SWITCH = {
    "true": True,
    "1": True,
    "yes": True,
    "on": True,
    "false": False,
    "0": False,
    "no": False,
    "off": False,
}


@dataclass(frozen=True)
class Settings:
    """The section `cryptoboy` of Freqtrade's configuration.

    Raises:
        ValueError: a value is of the wrong kind; says which and what is allowed.
    """

    redis_host: str = "localhost"
    redis_port: int = 6379
    redis_password: str | None = field(default=None, repr=False)
    redis_db: int = 0
    redis_tls: bool = False
    redis_ca_file: str | None = None  # None: the system's CAs
    redis_cert_file: str | None = None  # of our own, where Redis asks for one
    redis_key_file: str | None = None
    sentiment_csv: str | None = None
    staleness_hours: float | None = None  # None: as the parameter of that name says
    allow_degraded: bool | None = None  # None: as the parameter buy_allow_degraded says
    redis_user: str | None = None  # None: the default user
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None  # None: no metrics
    redis_socket: str | None = None  # a Unix socket, used instead of host and port

    def __post_init__(self) -> None:
        port, db, hours = self.redis_port, self.redis_db, self.staleness_hours
        metrics = self.metrics_port
        allowed = {
            "redis_host": (isinstance(self.redis_host, str), "a host name"),
            "redis_port": (type(port) is int and port in range(1, 65536), "a whole number from 1 to 65535"),
            "redis_db": (type(db) is int and db >= 0, "a whole number that is not negative"),
            "redis_socket": (isinstance(self.redis_socket, str | None), "a path"),
            "redis_user": (isinstance(self.redis_user, str | None), "a name"),
            "redis_ca_file": (isinstance(self.redis_ca_file, str | None), "a path"),
            "redis_cert_file": (isinstance(self.redis_cert_file, str | None), "a path"),
            "redis_key_file": (isinstance(self.redis_key_file, str | None), "a path"),
            "redis_tls": (isinstance(self.redis_tls, bool), "true or false"),
            "sentiment_csv": (isinstance(self.sentiment_csv, str | None), "a path"),
            "staleness_hours": (hours is None or (_is_number(hours) and hours > 0), "a number above 0"),
            "metrics_host": (isinstance(self.metrics_host, str), "an address"),
            "metrics_port": (
                metrics is None or (type(metrics) is int and metrics in range(1, 65536)),
                "a whole number from 1 to 65535",
            ),
            "allow_degraded": (isinstance(self.allow_degraded, bool | None), "true or false"),
        }
        for name, (valid, expected) in allowed.items():
            if not valid:
                raise ValueError(f"cryptoboy.{name} is {getattr(self, name)!r}, expected {expected}")

    @property
    def redis_address(self) -> str:
        """Where Redis is, for messages."""
        return self.redis_socket or f"{self.redis_host}:{self.redis_port}"

    @classmethod
    def read(cls, section: Mapping[str, Any], environment: Mapping[str, str]) -> "Settings":
        """From the configuration, or else SENTIMENT_CSV and REDIS_*: HOST, PORT, SOCKET, USER, PASSWORD, TLS ...

        REDIS_PASSWORD_FILE names a file that holds the password, STRATEGY_METRICS_PORT is `metrics_port`.

        Raises:
            ValueError: as above, the section has an unknown name, or the password cannot be had.
        """
        names = [each.name for each in fields(cls)]
        if unknown := set(section) - set(names):
            raise ValueError(f"cryptoboy.{min(unknown)} is unknown; allowed are {', '.join(names)}")
        given: dict[str, Any] = {
            name: text
            for name in _FROM_ENVIRONMENT
            # Kubernetes calls the address of a service named redis so: REDIS_PORT=tcp://10.0.0.1:6379
            if (text := environment.get(name.upper())) and not (name == "redis_port" and "://" in text)
        }
        if text := environment.get("STRATEGY_METRICS_PORT"):
            given["metrics_port"] = text
        for name in ("redis_port", "metrics_port"):
            if str(given.get(name, "")).isdecimal():
                given[name] = int(given[name])
        if "redis_tls" in given:
            tls = str(given["redis_tls"]).strip().lower()
            given["redis_tls"] = _SWITCH.get(tls, tls)
        if (file := environment.get("REDIS_PASSWORD_FILE")) and not section.get("redis_password"):
            given["redis_password"] = _read_password(file, is_given="redis_password" in given)
        return cls(**given | {name: value for name, value in section.items() if value is not None})


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


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
