"""Where the settings come from: a `.env` file, and the environment, which wins."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from services.common.errors import StopProgram
from services.common.settings_names import is_of_orchestrator

PROJECT_ROOT = Path(__file__).resolve().parents[2]
CURRENT_ENV_FILE = "CRYPTOBOY_ENV_FILE"


def default_env_file(environ: Mapping[str, str]) -> Path | None:
    """The file that CRYPTOBOY_ENV_FILE names (empty: none), else the `.env` in the project's folder."""
    named = environ.get(CURRENT_ENV_FILE)
    if named is None:
        return PROJECT_ROOT / ".env"
    return Path(named) if named else None


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of a `.env` file by name; an absent file has none.

    Raises:
        StopProgram: the file is there but cannot be read as text.
    """
    if not path.is_file():
        return {}
    try:
        return {name.upper(): value or "" for name, value in dotenv_values(path, interpolate=False).items()}
    except (OSError, UnicodeDecodeError) as error:
        raise StopProgram(
            f"{path} cannot be read: {error}. Write it as UTF-8 lines of NAME=value."
        ) from error


def texts_of(source: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    """What a source says of our variables. An empty text is nothing, and an orchestrator's address none of ours."""
    return {
        name: text
        for name in names
        if (text := source.get(name, "").strip()) and not is_of_orchestrator(name, text)
    }


def emptied(environ: Mapping[str, str], names: Collection[str]) -> frozenset[str]:
    """Those of `names` that the environment has, with nothing in them."""
    return frozenset(name for name in names if not environ.get(name, "unset").strip())


def decode_json_fields(values: dict[str, str]) -> dict[str, Any]:
    """The values by field, those that are written as JSON decoded where they can be."""
    from pydantic_core import from_json

    decoded: dict[str, Any] = dict(values)
    if "exchange_config" in decoded:
        try:
            decoded["exchange_config"] = from_json(decoded["exchange_config"])
        except ValueError:
            return decoded  # the validation that follows says that it is not an object
    return decoded
