"""Decides by the words of `events.toml` what kind of news an article is. The functions are pure."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import compress, count, product
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from services.common.values import EventType
from services.sentiment_analyzer.scorers.lexicon.data import words_of

EVENTS_FILE = Path(__file__).with_name("events.toml")
LEAD_CHARS = 300
"""The number of characters of the body that are examined if the headline does not show the kind of news."""
_NUMBER = words_of("7")[0]


class _Kind(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: EventType
    weight: Annotated[int, Field(ge=1)] = 1
    terms: tuple[str, ...]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: tuple[_Kind, ...]


class _Term(NamedTuple):
    words: tuple[str, ...]
    kind: EventType
    weight: int


class EventReader:
    """Decides the kind of news that an article is. Threads may share it.

    Args:
        path: the file of terms. It is part of the program, so a mistake in it is a bug and raises ValueError.
    """

    def __init__(self, path: Path = EVENTS_FILE) -> None:
        kinds = _File.model_validate(tomllib.loads(path.read_text("utf-8"))).kind
        self._order = {kind.name: -place for place, kind in enumerate(kinds)}
        self._terms: Mapping[str, Sequence[_Term]] = _by_first_word(kinds, path.name)

    def __call__(self, title: str, body: str) -> EventType:
        """Return the kind of news of an article with this headline and body."""
        worth = self._worth(title) or self._worth(body[:LEAD_CHARS])
        return max(worth, key=lambda kind: (worth[kind], self._order[kind]), default=EventType.OTHER)

    def _worth(self, text: str) -> dict[EventType, int]:
        words = words_of(text)
        worth: dict[EventType, int] = defaultdict(int)
        for place in compress(count(), map(self._terms.__contains__, words)):
            for term in self._terms[words[place]]:
                if len(term.words) == 1 or tuple(words[place : place + len(term.words)]) == term.words:
                    worth[term.kind] += term.weight
        return worth


def _by_first_word(kinds: Sequence[_Kind], file_name: str) -> dict[str, list[_Term]]:
    terms: dict[str, list[_Term]] = defaultdict(list)
    seen: dict[tuple[str, ...], EventType] = {}
    for kind in kinds:
        for written in kind.terms:
            for each in product(*(part.split("|") for part in written.split())):
                words = tuple(_NUMBER if word == "#" else word for word in each)
                if any(words_of(word) != [word] for word in words):
                    raise ValueError(f"{file_name}: {' '.join(each)!r} can never be found in a text")
                if seen.setdefault(words, kind.name) is not kind.name:
                    raise ValueError(f"{file_name}: {' '.join(each)!r} stands under two kinds")
                terms[words[0]].append(_Term(words, kind.name, kind.weight))
    return dict(terms)


@cache
def event_reader() -> EventReader:
    """Return the reader that uses the program's own file of terms."""
    return EventReader()
