"""Reads the setting `source`, which says with one address where the signals come from.

    redis://[USER:PASSWORD@]HOST[:PORT][/DB]      the sentiment store
    rediss://...                                  the same over TLS; the redis_*_file settings name certificates
    unix://[USER:PASSWORD@]/PATH.sock[?db=DB]     the same over a Unix socket
    http://HOST[:PORT], https://...               CryptoBoy's API, which passes on the store; the key is a setting
    PATH.csv or PATH.csv.gz                       a sentiment CSV; a relative path starts in the working directory

An address of Redis or of a file is translated to the older settings (redis_host and so on, or sentiment_csv), which
stay allowed. No error shows an address as it was given, because it may hold a password.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

ENDINGS = (".csv", ".csv.gz")
_PORT = 6379
_API = ("http", "https")
_PLAIN = re.compile(r"[!-~]+")  # what may stand in a line of a request
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,19}", re.ASCII)
_KNOWN = (
    "redis://HOST:6379/0, rediss://HOST:6379/0, unix:///PATH.sock, http://HOST:8110, https://HOST, or the path of a "
    "sentiment CSV (.csv, .csv.gz)"
)
_WRITTEN = (
    "cryptoboy.source cannot be read as an address of Redis (not shown, because it may hold a password): expected "
    "redis://USER:PASSWORD@HOST:PORT/DB, where USER:PASSWORD@, :PORT and /DB may be missing, or "
    "unix://USER:PASSWORD@/PATH.sock?db=DB. In a password write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and "
    "% as %25, or give it as REDIS_PASSWORD or REDIS_PASSWORD_FILE"
)
_API_WRITTEN = (
    "cryptoboy.source cannot be read as an address of the API (not shown, because it may hold a key): expected "
    "http://HOST:8110 or https://HOST, without user, password, ? and #. Give the key as cryptoboy.api_key, or in the "
    "environment as CRYPTOBOY_API_KEY or CRYPTOBOY_API_KEY_FILE. A store in Redis has an address such as redis://HOST"
)
_OF_REDIS = (
    "redis_host",
    "redis_port",
    "redis_db",
    "redis_socket",
    "redis_tls",
    "redis_user",
    "redis_password",
)
"""The settings that an address of Redis stands for."""
_MAY_ADD = ("redis_user", "redis_password")
"""These may be given beside an address that leaves them out."""


def is_csv(source: str | None) -> bool:
    """Whether this source is a sentiment CSV."""
    return source is not None and "://" not in source


def is_api(source: str | None) -> bool:
    """Whether this source is CryptoBoy's API."""
    return source is not None and source.partition("://")[0].lower() in _API and "://" in source


def settings_of(source: str) -> dict[str, Any]:
    """The older settings that an address stands for; None where the address leaves one out.

    Raises:
        ValueError: the address has a scheme that is not known, or cannot be read.
    """
    scheme, separator, _ = source.partition("://")
    if not separator:
        if not source.lower().endswith(ENDINGS):
            raise ValueError(
                f"cryptoboy.source is neither an address nor the path of a file that ends in .csv or .csv.gz; expected "
                f"{_KNOWN}"
            )
        return {"sentiment_csv": source}
    if is_api(source):
        _check_api(source)
        return {}
    if scheme.lower() not in {"redis", "rediss", "unix"}:
        hint = "; for a file write its path alone" if scheme.lower() == "file" else ""
        # What is no scheme may be a password.
        which = (
            f"{scheme}://, which is not known" if _SCHEME.fullmatch(scheme) else "something that is no scheme"
        )
        raise ValueError(f"cryptoboy.source begins with {which}; expected {_KNOWN}{hint}")
    try:
        return _of_redis(urlsplit(source))
    except ValueError:
        raise ValueError(_WRITTEN) from None


def _check_api(source: str) -> None:
    try:
        url = urlsplit(source)
        is_plain = (
            url.hostname and "@" not in url.netloc and not url.query and not url.fragment and url.port != 0
        )
    except ValueError:
        is_plain = False
    if not is_plain or not _PLAIN.fullmatch(source):
        raise ValueError(_API_WRITTEN)


def _of_redis(url: SplitResult) -> dict[str, Any]:
    """The settings of an address of Redis. Raises ValueError, whose text may show parts of the address."""
    is_socket, db = url.scheme == "unix", url.path.removeprefix("/")
    if is_socket:
        name, _, db = url.query.partition("=")
        if not url.path.strip("/") or url.hostname or (url.query and name != "db"):
            raise ValueError("no path, or a host")
    elif not url.hostname or url.query:
        raise ValueError("no host, or options")
    if url.fragment or (db and not (db.isascii() and db.isdecimal())) or url.port == 0:
        raise ValueError("a fragment, or no number")
    return {
        "redis_host": None if is_socket else url.hostname,
        "redis_port": None if is_socket else url.port or _PORT,
        "redis_db": int(db or 0),
        "redis_socket": unquote(url.path) if is_socket else None,
        "redis_tls": url.scheme == "rediss",
        "redis_user": unquote(url.username) if url.username else None,
        "redis_password": unquote(url.password) if url.password else None,
    }


def shown(source: str) -> str:
    """The address without user and password, for messages."""
    if is_csv(source):
        return source
    url = urlsplit(source)
    return url._replace(netloc=url.netloc.rpartition("@")[2]).geturl()


def resolve(
    chosen: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings of the configuration and of the environment, with `source` translated to the older settings.

    Settings of the environment that the address decides are left out, because the configuration wins. The `source` of
    the result has no password.

    Raises:
        ValueError: the address cannot be read, or the configuration has an older setting that contradicts it.
    """
    source = chosen.get("source")
    if source is None:
        return dict(chosen), dict(environment)
    if not isinstance(source, str) or not source.strip():
        raise ValueError(f"cryptoboy.source is not a text with an address or a path; expected {_KNOWN}")
    source = source.strip()
    found = settings_of(source)
    _refuse_contradictions(chosen, found)
    given = {name: value for name, value in found.items() if value is not None}
    is_redis = "redis_host" in found
    left_out = (
        {*_MAY_ADD} if is_redis and found["redis_password"] is None else set()
    )  # a user belongs to its password
    decided = {*_OF_REDIS, *given} - (left_out - given.keys())
    left = {name: text for name, text in environment.items() if name not in decided}
    return {**chosen, **given, "source": shown(source)}, left


def _refuse_contradictions(chosen: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    names = (*_OF_REDIS, "sentiment_csv") if "sentiment_csv" in found else _OF_REDIS
    against = [
        name
        for name in names
        if name in chosen
        and chosen[name] != found.get(name)
        and not (name in _MAY_ADD and "redis_host" in found and found[name] is None)
    ]
    if not against:
        return
    if "sentiment_csv" in found:
        aim = (
            "a bot that reads Redis and is backtested on a file has a source such as redis://HOST:6379/0 and "
            "sentiment_csv"
        )
    elif "redis_host" in found:
        aim = "the address says all of them but user, password and certificates"
    else:
        aim = "a bot that reads the API reads no Redis"
    raise ValueError(
        f"cryptoboy.source and cryptoboy.{', cryptoboy.'.join(against)} contradict each other: keep one of them ({aim})"
    )
