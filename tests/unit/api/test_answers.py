"""The text of answers: what JSON does not have, is written as something that it has."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from services.api.answers import json_text
from services.common.history.rows import Kind
from services.operations.answer import Answer


@dataclass(frozen=True, slots=True)
class Part:
    at: datetime
    kind: Kind
    numbers: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Whole(Answer):
    parts: tuple[Part, ...]


AT = datetime(2026, 11, 29, 14, 5, tzinfo=UTC)


def test_rows_instants_and_kinds_are_written_as_json() -> None:
    expected = {"at": "2026-11-29T14:05:00+00:00", "kind": "signal", "numbers": [0.5]}
    part = Part(AT, Kind.SIGNAL, (0.5,))
    assert json.loads(json_text(part)) == expected
    assert json.loads(json_text(Whole((part,)))) == {"parts": [expected]}
    assert json.loads(json_text({"of": MappingProxyType({"a": frozenset({1})})})) == {"of": {"a": [1]}}


def test_a_number_that_json_does_not_have_is_null_and_the_others_stay() -> None:
    part = Part(AT, Kind.SIGNAL, (float("nan"), float("inf"), 1.5))
    assert json.loads(json_text([part, Whole((part,))])) == [
        {"at": "2026-11-29T14:05:00+00:00", "kind": "signal", "numbers": [None, None, 1.5]},
        {"parts": [{"at": "2026-11-29T14:05:00+00:00", "kind": "signal", "numbers": [None, None, 1.5]}]},
    ]


def test_letters_are_written_as_they_are() -> None:
    assert json_text("Zürich ₿") == '"Zürich ₿"'
