"""Decides by the words and rules of `events.toml` what kind of news an article is. The functions are pure."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, compress, count, pairwise, product
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from services.common.values import EventType
from services.sentiment_analyzer.scorers.lexicon.data import words_of

EVENTS_FILE = Path(__file__).with_name("events.toml")
LEAD_CHARS = 300
"""The number of characters of the body that are examined if the headline does not show the kind of news."""
_NUMBER = words_of("7")[0]
_BEGINNING = "^"
_STABLECOIN, _BELOW_A_DOLLAR = "stablecoin", "below_a_dollar"
"""The second group is found by the figures of a text about the first, because its words do not contain them."""
_LESS_THAN_A_DOLLAR = re.compile(
    r"\$0?\.\d|\b\d\d?(?:\.\d+)? cents?\b|\b(?:below|under) (?:(?:a|one|the) dollar|\$1(?![\d.,]*[\dkmb]))"
)


class _Kind(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: EventType
    weight: Annotated[int, Field(ge=1)] = 1
    terms: tuple[str, ...]


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: EventType
    all: Annotated[tuple[str, ...], Field(min_length=1)]
    unless: frozenset[str] = frozenset()


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    groups: Mapping[str, tuple[str, ...]] = {}
    rule: tuple[_Rule, ...] = ()
    kind: tuple[_Kind, ...]


class _Sense(NamedTuple):
    """What a term says: the kind that it is worth something for, if there is one, and the groups that it belongs to."""

    kind: EventType | None
    weight: int
    groups: tuple[str, ...]


class _Terms(NamedTuple):
    """The terms of one word, and the terms of several words by their first two."""

    words: Mapping[str, _Sense]
    phrases: Mapping[tuple[str, str], Sequence[tuple[tuple[str, ...], _Sense]]]


class EventReader:
    """Decides the kind of news that an article is. Threads may share it.

    Args:
        path: the file of terms. It is part of the program, so a mistake in it is a bug and raises ValueError.
    """

    def __init__(self, path: Path = EVENTS_FILE) -> None:
        file = _File.model_validate(tomllib.loads(path.read_text("utf-8")))
        self._order = {kind.name: -place for place, kind in enumerate(file.kind)}
        self._rules = file.rule
        self._decisive = frozenset(rule.all[0] for rule in file.rule)
        self._terms = _terms(file, path.name)

    def __call__(self, title: str, body: str) -> EventType:
        """Return the kind of news of an article with this headline and body.

        The body never shows a kind that has rules, because bodies tell of older news and of what might happen.
        """
        groups, worth = self._look(title)
        if groups and (kind := self._by_rule(groups, title)):
            return kind
        worth = worth or self._look(body[:LEAD_CHARS])[1]
        return max(worth, key=lambda kind: (worth[kind], self._order[kind]), default=EventType.OTHER)

    def _look(self, text: str) -> tuple[set[str], dict[EventType, int]]:
        """Return the groups that are found in a text, and what the text is worth for the kinds that are weighed."""
        words = [_BEGINNING, *words_of(text)]
        groups: set[str] = set()
        worth: dict[EventType, int] = defaultdict(int)
        for sense in chain(filter(None, map(self._terms.words.get, words)), self._phrases(words)):
            if sense.kind is not None:
                worth[sense.kind] += sense.weight
            if sense.groups:
                groups.update(sense.groups)
        return groups, worth

    def _phrases(self, words: Sequence[str]) -> Iterator[_Sense]:
        phrases = self._terms.phrases
        for place in compress(count(), map(phrases.__contains__, pairwise(words))):
            for term, sense in phrases[words[place], words[place + 1]]:
                if len(term) == 2 or tuple(words[place : place + len(term)]) == term:  # noqa: PLR2004 - as in the key
                    yield sense

    def _by_rule(self, groups: set[str], title: str) -> EventType | None:
        if self._decisive.isdisjoint(groups):  # as in most headlines
            return None
        if _STABLECOIN in groups and _LESS_THAN_A_DOLLAR.search(title.lower()):
            groups.add(_BELOW_A_DOLLAR)
        holding = (
            rule.kind
            for rule in self._rules
            if groups.issuperset(rule.all) and rule.unless.isdisjoint(groups)
        )
        return next(holding, None)


def _terms(file: _File, file_name: str) -> _Terms:
    kinds: dict[tuple[str, ...], tuple[EventType, int]] = {}
    groups: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
    for kind in file.kind:
        for term in _expanded(kind.terms, file_name):
            if kinds.setdefault(term, (kind.name, kind.weight))[0] is not kind.name:
                raise ValueError(f"{file_name}: {' '.join(term)!r} stands under two kinds")
    for group, written in file.groups.items():
        for term in _expanded(written, file_name):
            groups[term][group] = None
    used = frozenset[str]().union(*(rule.unless.union(rule.all) for rule in file.rule))
    if wrong := used.symmetric_difference({*file.groups, *used & {_BELOW_A_DOLLAR}}):
        raise ValueError(f"{file_name}: the group {min(wrong)!r} is not defined, or no rule uses it")
    words: dict[str, _Sense] = {}
    phrases: dict[tuple[str, str], list[tuple[tuple[str, ...], _Sense]]] = defaultdict(list)
    for term in {**kinds, **groups}:
        kind_of_term, weight = kinds.get(term, (None, 0))
        sense = _Sense(kind_of_term, weight, tuple(groups.get(term, ())))
        if len(term) == 1:
            words[term[0]] = sense
        else:
            phrases[term[0], term[1]].append((term, sense))
    return _Terms(words, dict(phrases))


def _expanded(terms: Sequence[str], file_name: str) -> Iterator[tuple[str, ...]]:
    for written in terms:
        for each in product(*(list(_forms(part)) for part in written.split())):
            words = tuple(_NUMBER if word == "#" else word for word in each)
            if any(words_of(word) != [word] for word in words if word != _BEGINNING):
                raise ValueError(f"{file_name}: {' '.join(each)!r} can never be found in a text")
            yield words


def _forms(part: str) -> Iterator[str]:
    """Yield the words of one place of a term, each verb that is marked with + in its regular forms."""
    for word in part.split("|"):
        if not word.endswith("+"):
            yield word
        elif (stem := word[:-1]).endswith("e"):
            yield from (stem, f"{stem}s", f"{stem}d", f"{stem[:-1]}ing")
        elif stem.endswith("y"):
            yield from (stem, f"{stem[:-1]}ies", f"{stem[:-1]}ied", f"{stem}ing")
        else:
            yield from (stem, f"{stem}s", f"{stem}ed", f"{stem}ing")


@cache
def event_reader() -> EventReader:
    """Return the reader that uses the program's own file of terms."""
    return EventReader()
