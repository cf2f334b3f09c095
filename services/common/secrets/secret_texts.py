"""Which texts are secret: by the type of a setting, by the name of a key in any JSON, and by the shape of a URL."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import Secret, SecretStr

from services.common.errors import StopProgram
from services.common.files import read_small
from services.common.settings.names import SUFFIX
from services.common.settings.secrets import secret_variables
from services.common.settings.settings import Settings
from services.common.settings.sources import default_env_file, read_env_file

CREDENTIALS = frozenset(
    {
        "apiKey",
        "secret",
        "uid",
        "accountId",
        "login",
        "password",
        "twofa",
        "privateKey",
        "walletAddress",
        "token",
    }
)
"""The credentials with which ccxt signs requests, by their names in ccxt."""
SHORTEST = 4
"""The shortest text, in characters, that is treated as a secret."""
_SHORTEST_NUMBER = 6
_SHORTEST_TOKEN = 8
_CHANNELS = "notify_urls"
_PART_OF_NAME = re.compile(
    r"secret|passw|passphrase|token|private|credential|api_?key|mnemonic|cookie|authorization|webhook|session"
    r"|signature|certificate|(?:wallet|vault|agent|account)_?address"
)
_WORD_OF_NAME = frozenset(
    {"account", "accountid", "accounts", "auth", "bearer", "dsn", "fa", "hmac", "jwt", "key", "keys", "login"}
    | {"otp", "pass", "pem", "phrase", "pin", "pw", "pwd", "rsa", "seed", "signer", "subaccount", "totp"}
    | {"twofa", "uid"}
)
_SECTIONS_OF_HOOKS = frozenset({"webhook", "discord"})
_NAMES_OF_FILES = frozenset({"file", "path"})
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_WITHOUT_SCHEME = re.compile(r"[^\s/@:]+:[^\s@]+@[^\s@/]+")
_PORT = re.compile(r"\d+(/|$)")
_OF_OTHERS = re.compile(r".*_PROXY|FREQTRADE__.*", re.IGNORECASE)


def secrets_in(data: Any, *, name: str = "", is_secret: bool = False) -> set[str]:  # noqa: ANN401 - any JSON
    """Return the secret texts in a configuration.

    Args:
        data: any JSON value.
        name: the key of this value.
        is_secret: whether everything in the value is secret, because its key or an outer key says so.
    """
    if isinstance(data, Mapping):
        of_hook = name.lower() in _SECTIONS_OF_HOOKS
        within = [
            secrets_in(value, name=str(key), is_secret=is_secret or _names_secret(str(key), value, of_hook))
            for key, value in data.items()
        ]
    elif isinstance(data, (list, tuple)):
        within = [secrets_in(each, name=name, is_secret=is_secret) for each in data]
    elif isinstance(data, str):
        is_whole = is_secret and (_URL.match(data.strip()) is None or _opens_by_itself(name))
        within = [_with_token(data) if is_whole else set(), secrets_of_urls(data)]
    elif is_secret and isinstance(data, int) and not isinstance(data, bool):
        within = [{text for text in (str(data),) if len(text) >= _SHORTEST_NUMBER}]
    else:
        within = []
    return {text for found in within for text in found if len(text.strip()) >= SHORTEST}


def public_part(exchange_config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a ccxt configuration without its credentials, for reading candles and markets.

    Addresses are kept, including the passwords of proxies within them.
    """
    secret = secrets_in(exchange_config)
    return {
        name: _pruned(value, secret) for name, value in exchange_config.items() if name not in CREDENTIALS
    }


def _pruned(data: Any, secret: Collection[str]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(data, Mapping):
        return {name: _pruned(value, secret) for name, value in data.items() if str(value) not in secret}
    if isinstance(data, list):
        return [_pruned(each, secret) for each in data if str(each) not in secret]
    return data


def secrets_of_urls(text: str) -> set[str]:
    """Return the credentials in the URLs of a text, and the values of secret parameters in their queries."""
    urls = [found[0] for found in _URL.finditer(text)]
    if _WITHOUT_SCHEME.fullmatch(text.strip()):  # the form in which proxies are written
        urls.append(f"//{text.strip()}")
    found = {secret for url in urls for secret in _secrets_of_url(url)}
    return {secret for secret in found if len(secret) >= SHORTEST}


def secrets_of(settings: Settings) -> set[str]:
    """Return the secrets in the settings, including those within EXCHANGE_CONFIG and in addresses."""
    found: set[str] = set()
    for name, value in settings.model_dump().items():
        if name == _CHANNELS and isinstance(value, SecretStr):
            found |= _secrets_of_channels(value.get_secret_value())
        if isinstance(value, SecretStr):
            found |= {value.get_secret_value(), *secrets_of_urls(value.get_secret_value())}
        elif isinstance(value, Secret):
            found |= secrets_in(value.get_secret_value())
        elif isinstance(value, (str, tuple)):
            found |= secrets_in(value)
    return found


def secrets_given(environ: Mapping[str, str]) -> set[str]:
    """Return the secrets in the environment and the `.env` file, even if the settings cannot be loaded from them."""
    try:
        env_file = default_env_file(environ)
        from_file = read_env_file(env_file) if env_file is not None else {}
    except StopProgram:
        from_file = {}
    ours, secret = Settings.variables(), secret_variables(Settings.model_fields)
    found: set[str] = set()
    for name, text in [*from_file.items(), *environ.items()]:
        if name.removesuffix(SUFFIX) == _CHANNELS.upper():
            found |= _secrets_of_channels(text if name in secret else _read(text))
        if name in secret:
            found |= _secrets_of_variable(text)
        elif name in ours and name.removesuffix(SUFFIX) in secret:
            found |= _secrets_of_variable(_read(text))
        elif name in ours:
            found |= secrets_of_urls(text)
        elif _OF_OTHERS.fullmatch(name):
            found |= secrets_in({name: text})
    return found


def _secrets_of_variable(text: str) -> set[str]:
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    return secrets_in(parsed) if isinstance(parsed, dict) else {text.strip(), *secrets_of_urls(text)}


def _secrets_of_channels(text: str) -> set[str]:
    """The addresses of channels, whose tokens stand where other addresses have a host and a path."""
    found: set[str] = set()
    for part in text.split():
        address = part.partition("=")[2].partition("://")[2]
        host, *path = address.partition("?")[0].split("/")
        parts = [*path, *host.split("@")] if "." not in host and ":" not in host else path
        found |= {part, address, *(each for each in parts if len(each) >= _SHORTEST_TOKEN)}
    return {each for each in found if len(each) >= SHORTEST}


def _read(path: str) -> str:
    try:
        return read_small(Path(path)) if path else ""
    except (OSError, ValueError):
        return ""


def _names_secret(name: str, value: object, of_hook: bool) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    if words and words[-1] in _NAMES_OF_FILES:
        return False
    joined = "_".join(words)
    if isinstance(value, Mapping) and joined in _SECTIONS_OF_HOOKS:
        return False
    if of_hook and joined == "url":
        return True
    known = not _WORD_OF_NAME.isdisjoint({*words, "".join(words)})
    return known or _PART_OF_NAME.search(joined) is not None


def _opens_by_itself(name: str) -> bool:
    """Whether a URL under this key is secret as a whole. Under other keys only its credentials are secret."""
    lower = name.lower()
    return lower == "url" or "webhook" in lower or "token" in lower


def _with_token(text: str) -> set[str]:
    """Return a secret text and, if it consists of a word and a token (`Bearer abc`), the token alone."""
    _kind, space, rest = text.strip().partition(" ")
    return {text, rest} if space and " " not in rest else {text}


def _secrets_of_url(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        name, password, query = parts.username, parts.password, parse_qsl(parts.query)
    except ValueError:
        return
    if name is None and "@" in url:  # a slash in the password makes `urlsplit` end the host too early
        name, _, password = url.partition("://")[2].rpartition("@")[0].partition(":")
        password = None if _PORT.match(password) else password
    if password:
        pair = f"{unquote(name or '')}:{unquote(password)}"
        yield from (password, unquote(password), base64.b64encode(pair.encode()).decode())
    elif name and parts.username:
        yield from (name, unquote(name))
    yield from (value for key, value in query if _names_secret(key, value, of_hook=False))
