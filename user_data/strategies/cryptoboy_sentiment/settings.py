"""The strategy's section of Freqtrade's configuration."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


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
    sentiment_csv: str | None = None
    staleness_hours: float | None = None  # None: as the parameter of that name says
    allow_degraded: bool | None = None  # None: as the parameter buy_allow_degraded says

    def __post_init__(self) -> None:
        port, db, hours = self.redis_port, self.redis_db, self.staleness_hours
        allowed = {
            "redis_host": (isinstance(self.redis_host, str), "a host name"),
            "redis_port": (type(port) is int and port in range(1, 65536), "a whole number from 1 to 65535"),
            "redis_db": (type(db) is int and db >= 0, "a whole number that is not negative"),
            "redis_tls": (isinstance(self.redis_tls, bool), "true or false"),
            "sentiment_csv": (isinstance(self.sentiment_csv, str | None), "a path"),
            "staleness_hours": (hours is None or (_is_number(hours) and hours > 0), "a number above 0"),
            "allow_degraded": (isinstance(self.allow_degraded, bool | None), "true or false"),
        }
        for name, (valid, expected) in allowed.items():
            if not valid:
                raise ValueError(f"cryptoboy.{name} is {getattr(self, name)!r}, expected {expected}")

    @classmethod
    def read(cls, section: Mapping[str, Any], environment: Mapping[str, str]) -> "Settings":
        """From the configuration, or else REDIS_HOST, REDIS_PORT, REDIS_PASSWORD and SENTIMENT_CSV.

        Raises:
            ValueError: as above, or the section has an unknown name.
        """
        names = [each.name for each in fields(cls)]
        if unknown := set(section) - set(names):
            raise ValueError(f"cryptoboy.{min(unknown)} is unknown; allowed are {', '.join(names)}")
        from_environment = ("redis_host", "redis_port", "redis_password", "sentiment_csv")
        given: dict[str, Any] = {
            name: environment[name.upper()] for name in from_environment if environment.get(name.upper())
        }
        if str(given.get("redis_port", "")).isdecimal():
            given["redis_port"] = int(given["redis_port"])
        return cls(**given | {name: value for name, value in section.items() if value is not None})


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
