"""Reads the strategy's section of Freqtrade's configuration."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError  # comes with Freqtrade

from cryptoboy_sentiment.addresses import is_api, is_csv, resolve
from cryptoboy_sentiment.news_events import EVENT_TYPES
from cryptoboy_sentiment.secret_files import api_key_of, read_secret

USES = ("veto", "confirm", "exit", "size", "features")
"""What a strategy with `SentimentMixin` may use news for."""
KEPT_HOURS = 48
"""How far back the sentiment store reaches; a rule about older news would work in backtests only."""


def _without_scheme(text: str | None) -> str | None:
    if text is not None and "://" in text:
        raise ValueError("an address, which may hold a password")
    return text


Host = Annotated[str, AfterValidator(_without_scheme), Field(description="a host name, without ://")]
File = Annotated[str | None, AfterValidator(_without_scheme), Field(description="a path, without ://")]
_SWITCHED = Field(description="true or false")
Port = Annotated[int, Field(ge=1, le=65535)]
_PORT = Field(description="a whole number from 1 to 65535")
Hours = Annotated[float | None, Field(gt=0, allow_inf_nan=False, description="a number above 0")]
_Negative = Annotated[float, Field(ge=-1, le=0, allow_inf_nan=False, description="a number from -1 to 0")]
_Positive = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, description="a number from 0 to 1")]
_LISTED = Field(strict=False)  # JSON has lists and no tuples


def _one_of(allowed: Iterable[str]) -> AfterValidator:
    known = tuple(allowed)

    def check(name: str) -> str:
        if name not in known:
            raise ValueError("not among the known names")
        return name

    return AfterValidator(check)


_Kind = Annotated[str, _one_of(EVENT_TYPES)]


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

    api_key: Any = Field(
        default=None, repr=False
    )  # for a source that is an API; read from the file, if that is given
    api_key_file: File = None

    # The fields below are those of `SentimentMixin`; scores are those of a long position, and are mirrored for shorts.
    source: Annotated[str | None, Field(min_length=1, description="an address or a path")] = (
        None  # see `addresses`
    )
    use: Annotated[
        tuple[Annotated[str, _one_of(USES)], ...],
        _LISTED,
        Field(min_length=1, description=f"a list of one or more of {', '.join(USES)}"),
    ] = ("veto",)
    on_unreadable: Annotated[Literal["block", "allow"], Field(description="block or allow")] = "block"
    sentiment_from: Annotated[Literal["newest", "aggregate"], Field(description="newest or aggregate")] = (
        "newest"
    )
    veto_below: _Negative = -0.3
    confirm_above: _Positive = 0.3
    exit_below: _Negative = -0.5
    exit_confidence_above: _Positive = 0.8
    full_stake_above: _Positive = 0.7
    smallest_stake: Annotated[
        float, Field(gt=0, le=1, allow_inf_nan=False, description="a number above 0 and up to 1")
    ] = 0.5  # share of the proposed stake
    stand_aside: Annotated[
        dict[_Kind, Annotated[float, Field(ge=0, le=KEPT_HOURS, allow_inf_nan=False)]],
        Field(description=f"hours from 0 to {KEPT_HOURS} for any of {', '.join(EVENT_TYPES)}"),
    ] = {"hack": 24, "delisting": 24, "withdrawal_halt": 24}
    exit_on: Annotated[
        tuple[_Kind, ...], _LISTED, Field(description=f"a list of any of {', '.join(EVENT_TYPES)}")
    ] = ()
    scope: Annotated[Literal["all", "asset"], Field(description="all or asset")] = "all"

    @property
    def redis_address(self) -> str:
        """The address of Redis, for messages."""
        return self.redis_socket or f"{self.redis_host}:{self.redis_port}"

    @classmethod
    def read(cls, section: Mapping[str, Any], environment: Mapping[str, str]) -> "Settings":
        """Read the settings from the configuration or, for fields missing there, from environment variables.

        The variables are SENTIMENT_CSV and REDIS_*: HOST, PORT, SOCKET, USER, PASSWORD, TLS ... REDIS_PASSWORD_FILE
        names a file that contains the password, STRATEGY_METRICS_PORT sets `metrics_port`, and CRYPTOBOY_API_KEY and
        CRYPTOBOY_API_KEY_FILE set `api_key` and `api_key_file`. The address in `source` is translated to the settings
        named redis_* or sentiment_csv.

        Raises:
            ValueError: a value has the wrong type, a name is unknown, the password cannot be read, or settings
                contradict each other.
        """
        if not isinstance(section, Mapping):
            raise ValueError(f"cryptoboy is {section!r}, expected an object with fields")  # noqa: TRY004 - a setting
        chosen = {name: value for name, value in section.items() if value is not None}
        texts = {
            name: text if name == "redis_password" else text.strip()
            for name, variable in _VARIABLES.items()
            # Kubernetes calls the address of a service named redis so: REDIS_PORT=tcp://10.0.0.1:6379
            if (text := environment.get(variable)) and not (name == "redis_port" and "://" in text)
        }
        chosen, texts = resolve(chosen, texts)
        is_redis = not is_csv(chosen.get("source")) and not is_api(chosen.get("source"))
        file = environment.get("REDIS_PASSWORD_FILE") if is_redis else None
        if file and not chosen.get("redis_password"):
            if "redis_password" in texts:
                raise ValueError("REDIS_PASSWORD and REDIS_PASSWORD_FILE are both set: keep one of them")
            texts["redis_password"] = read_secret(file, "REDIS_PASSWORD_FILE")
        key = api_key_of(chosen, texts) if is_api(chosen.get("source")) else None
        chosen |= {} if key is None else {"api_key": key}
        try:
            given = cls.model_validate_strings({name: texts[name] for name in texts.keys() - chosen})
            return cls(**given.model_dump(exclude_unset=True) | chosen)
        except ValidationError as error:
            raise ValueError(_problem(error)) from None


OF_THE_MIXIN = frozenset(
    {
        "use",
        "on_unreadable",
        "sentiment_from",
        "veto_below",
        "confirm_above",
        "exit_below",
        "exit_confidence_above",
        "full_stake_above",
        "smallest_stake",
        "stand_aside",
        "scope",
    }
)
"""The fields that only `SentimentMixin` reads."""

_VARIABLES = {
    name: name.upper()
    for name in Settings.model_fields
    if (name.startswith("redis") and name != "redis_db") or name == "sentiment_csv"
} | {
    "metrics_port": "STRATEGY_METRICS_PORT",
    "api_key": "CRYPTOBOY_API_KEY",
    "api_key_file": "CRYPTOBOY_API_KEY_FILE",
}
"""The name of the environment variable for each field."""


def _problem(error: ValidationError) -> str:
    """What is wrong with the first field that is not valid, what is allowed and, for a typing error, what is near."""
    first = error.errors(include_url=False)[0]
    name, fields = str(first["loc"][0]), Settings.model_fields
    if name not in fields:
        return f"cryptoboy.{name} is unknown; allowed are {', '.join(fields)}{_nearest(name, fields)}"
    where, value = f"cryptoboy.{name}", first["input"]
    if len(first["loc"]) > 1 and name == "stand_aside" and first["loc"][-1] != "[key]":
        where = f"{where}.{first['loc'][1]}"
    nearest = _nearest(value, _NAMES.get(name, ()))
    if "://" in str(value):
        hint = "an address belongs into cryptoboy.source, and is not shown, because it may hold a password"
        return f"{where} is an address, expected {fields[name].description}; {hint}"
    return f"{where} is {value!r}, expected {fields[name].description}{nearest}"


_NAMES = {"use": USES, "stand_aside": EVENT_TYPES, "exit_on": EVENT_TYPES}
"""The names that the parts of a field may have."""


def _nearest(value: object, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(value, list(known), 1) if isinstance(value, str) else []
    return f"; did you mean {near[0]}?" if near else ""
