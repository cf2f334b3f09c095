"""Secrets that stand in files of their own, as orchestrators hand them in: NAME_FILE is the path of NAME."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

SUFFIX = "_FILE"


def secret_variables(fields: Mapping[str, FieldInfo]) -> tuple[str, ...]:
    """The variables that hold a secret, each of which may be given as a file."""
    return tuple(name.upper() for name, info in fields.items() if is_secret(info))


def is_secret(info: FieldInfo) -> bool:
    """Whether a setting must never be shown."""
    return SecretStr.__name__ in repr(info.annotation)


def read_secret_files(
    given: Mapping[str, str], fields: Mapping[str, FieldInfo]
) -> tuple[dict[str, str], list[str]]:
    """The secrets that are given as files, by variable, and a line for each mistake.

    An empty file says as much as an empty variable: nothing. Where a default would take its place that is a mistake.

    Args:
        given: the variables that are set, with their texts.
        fields: the settings by name.
    """
    secrets, mistakes = {}, []
    for name in secret_variables(fields):
        path = given.get(name + SUFFIX)
        if not path:
            continue
        if name in given:
            mistakes.append(f"{name} and {name}{SUFFIX} are both set: keep one of them")
            continue
        try:
            text = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            mistakes.append(
                f"{name}{SUFFIX}={path}: cannot be read ({why}); name a file that holds the secret"
            )
            continue
        if text:
            secrets[name] = text
        elif fields[name.lower()].default is not None:
            mistakes.append(f"{name}{SUFFIX}={path}: the file is empty; write the secret into it")
    return secrets, mistakes
