"""Where the settings come from: a `.env` file, and the environment, which wins."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from services.common.errors import StopProgram
from services.common.files import read_small
from services.common.settings.folders import CONFIGURATION
from services.common.settings.names import is_of_orchestrator

CURRENT_ENV_FILE = "CRYPTOBOY_ENV_FILE"


def default_env_file(environ: Mapping[str, str]) -> Path | None:
    """Return the file that CRYPTOBOY_ENV_FILE names, None if that is empty, or else our `.env` (see `folders`)."""
    named = environ.get(CURRENT_ENV_FILE)
    if named is None:
        return CONFIGURATION / ".env"
    return Path(named) if named else None


def read_env_file(path: Path) -> dict[str, str]:
    """Return the variables of a `.env` file by name; none if the file does not exist.

    Raises:
        StopProgram: the file exists but cannot be read as text, has a line that is not NAME=value, or gives a
            variable two different values. One of them, perhaps a smaller stake, would be ignored otherwise.
    """
    try:
        if not path.exists():
            return {}
        text = read_small(path)
    except (OSError, UnicodeDecodeError) as error:
        raise StopProgram(
            f"{path} cannot be read: {error}. Write it as UTF-8 lines of NAME=value."
        ) from error
    values: dict[str, str] = {}
    for each in parse_stream(io.StringIO(text)):
        line = _line_of(each)
        if each.error:
            raise StopProgram(
                f"line {line} of {path} is no NAME=value, or a quote in it is not closed. Mend or remove it."
            )
        if each.key is None:
            continue
        name, value = each.key.upper(), each.value or ""
        if values.setdefault(name, value) != value:
            raise StopProgram(
                f"line {line} of {path} gives {name} another value than a line above. Remove one."
            )
    return values


def _line_of(binding: Binding) -> int:
    """Return the line number of a binding, not counting empty lines that were parsed as its beginning."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def texts_of(source: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    """Return the values of our variables in a source, without empty values and addresses set by an orchestrator."""
    return {
        name: text
        for name in names
        if (text := source.get(name, "").strip()) and not is_of_orchestrator(name, text)
    }


def emptied(environ: Mapping[str, str], names: Collection[str]) -> frozenset[str]:
    """Return the variables of `names` that the environment sets to an empty text."""
    return frozenset(name for name in names if not environ.get(name, "unset").strip())
