"""The base of answers: frozen dataclasses that become JSON values for `--json` and the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any


class Answer:
    """A dataclass that a face shows or writes as JSON."""

    __slots__ = ()

    def as_json(self) -> dict[str, Any]:
        """The fields by name; instants are texts in ISO 8601 with an offset."""
        return {name: json_value(value) for name, value in _fields(self).items()}


def json_value(value: Any) -> Any:  # noqa: ANN401 - any field of an answer
    """The JSON value of a field: of a text, number, instant, mapping, sequence, answer or None."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): json_value(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {name: json_value(each) for name, each in _fields(value).items()}
    return value


def _fields(value: Any) -> dict[str, Any]:  # noqa: ANN401 - a dataclass
    return {each.name: getattr(value, each.name) for each in fields(value)}
