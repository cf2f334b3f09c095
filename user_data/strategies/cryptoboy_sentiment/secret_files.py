"""Reads the secrets of the settings: Redis's password, and the key of the API."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_KEY = re.compile(r"[!-~]{1,500}", re.ASCII)  # what may stand in a header


def read_secret(file: str, name: str) -> str:
    """The secret in a file; `name` is the setting that names the file. Raises ValueError."""
    try:
        secret = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{name}={file} cannot be read ({type(error).__name__})") from None
    if not secret:
        raise ValueError(f"{name}={file} is empty")
    return secret


def api_key_of(chosen: Mapping[str, Any], environment: Mapping[str, str]) -> str | None:
    """The key of the API, from the configuration or else from the environment; None if none is given.

    Args:
        chosen: the configuration's `api_key` or `api_key_file`.
        environment: these two by the same names.

    Raises:
        ValueError: both are given, the file cannot be read, or the key has other characters than a header may have.
            No message has the key.
    """
    given, name, name_of_file = chosen, "cryptoboy.api_key", "cryptoboy.api_key_file"
    if not {"api_key", "api_key_file"} & chosen.keys():
        given, name, name_of_file = environment, "CRYPTOBOY_API_KEY", "CRYPTOBOY_API_KEY_FILE"
    key, file = given.get("api_key"), given.get("api_key_file")
    if key is not None and file is not None:
        raise ValueError(f"{name} and {name_of_file} are both set: keep one of them")
    if file is not None:
        key, name = read_secret(str(file), name_of_file), name_of_file
    if key is not None and not (isinstance(key, str) and _KEY.fullmatch(key)):
        raise ValueError(f"{name} is no key of the API, which has neither spaces nor letters beyond ASCII")
    return key
