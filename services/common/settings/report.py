"""Messages about mistakes in a configuration, which say how to correct them. Secrets are never repeated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import Secret, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from services.common.errors import StopProgram

# Plain words for pydantic's errors about text of the wrong type.
_EXPECTED = {
    "float_parsing": "expected a number such as 100",
    "int_parsing": "expected a whole number such as 3",
    "bool_parsing": "expected true or false",
    "string_pattern_mismatch": "not written as it has to be",
}
_CREDENTIALS = re.compile(r"(^|//|,)[^/\s,]*@")
_LONGEST_SHOWN = 80


class Mistake(NamedTuple):
    """A one-line description of an error in a variable. `field` is the setting that it should set."""

    field: str
    line: str


def refuse(mistakes: Iterable[Mistake]) -> None:
    """Raise a StopProgram that lists all mistakes, if there are any."""
    if lines := "".join(f"\n  {mistake.line}" for mistake in mistakes):
        raise StopProgram(f"the configuration cannot be used:{lines}")


def describe_mistakes(error: ValidationError, fields: Mapping[str, FieldInfo]) -> list[Mistake]:
    """Return a mistake for each invalid value, with the variable, the value, the error and what is allowed."""
    mistakes: list[Mistake] = []
    reported = set[str]()
    for problem in error.errors(include_url=False):
        field = str(problem["loc"][0]) if problem["loc"] else ""
        if field in reported and problem["type"] == "too_short":
            continue  # nothing is left of a list because its members were refused
        reported.add(field)
        info = fields.get(field)
        message = _EXPECTED.get(problem["type"]) or problem["msg"].removeprefix("Value error, ")
        allowed = f" ({info.description})" if info and info.description else ""
        mistakes.append(
            Mistake(field, f"{field.upper()}={_shown(problem['input'], info)}: {message}{allowed}")
        )
    return mistakes


def is_secret(info: FieldInfo) -> bool:
    """Return whether the value of a setting must never be shown."""
    return Secret.__name__ in repr(info.annotation)


def _shown(value: Any, info: FieldInfo | None) -> str:  # noqa: ANN401 - whatever was given
    secret = info is not None and is_secret(info)
    if secret or isinstance(value, (Secret, SecretStr, dict)) or str(value).lstrip().startswith("{"):
        return "***"  # a secret, or an object that may hold one, such as an exchange's key
    text = _CREDENTIALS.sub(r"\1***@", str(value))
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."
