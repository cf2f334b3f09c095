"""Reads the crypto lexicon: terms with a valence on VADER's scale of -4 to +4, and terms without any."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

LEXICON_FILE = Path(__file__).with_name("lexicon.toml")

_WORD = re.compile(r"\d[\d.,]*|%|&|[^\W\d_]+(?:'t\b)?")
# How the signs of the file stand in tokens: as words, because VADER takes punctuation off a token's ends.
_SIGNS = {"#": "0", "%": "pct"}


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    sense: str
    valence: Annotated[float, Field(ge=-4, le=4)]
    terms: tuple[str, ...]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    ignored: tuple[str, ...]
    asking: tuple[str, ...]
    group: tuple[_Group, ...]


class Lexicon(BaseModel):
    """Terms by their tokens.

    Attributes:
        valences: token to valence; a term of several words is one token, joined by underscores.
        neutral: tokens that show that a text was understood and says nothing good or bad.
        ignored: words of general English that mean nothing here.
        asking: first words of a headline that asks.
        phrases: first word of a term of several words, to all such terms, longest first.
    """

    model_config = ConfigDict(frozen=True)

    version: int
    valences: Mapping[str, float]
    neutral: frozenset[str]
    ignored: frozenset[str]
    asking: frozenset[str]
    phrases: Mapping[str, tuple[tuple[str, ...], ...]]

    def asks(self, headline: str) -> bool:
        """Whether a headline asks or explains rather than tells."""
        first = headline.split(maxsplit=1)[:1]
        return headline.endswith("?") or (bool(first) and first[0].lower() in self.asking)

    def tokens(self, text: str) -> list[str]:
        """The words of a text in lower case, numbers as 0, with each known term of several words as one."""
        words = words_of(text)
        tokens: list[str] = []
        done = 0
        for index, word in enumerate(words):
            if word in self.phrases and index >= done:
                for phrase in self.phrases[word]:
                    if tuple(words[index : index + len(phrase)]) == phrase:
                        tokens += words[done:index]
                        tokens.append("_".join(phrase))
                        done = index + len(phrase)
                        break
        return tokens + words[done:]


def words_of(text: str) -> list[str]:
    """The words of a text in lower case; numbers become 0, % and percent become pct, "doesn't" stays whole."""
    lowered = text.lower().replace("\u2019", "'").replace("percent", "%")
    return [_SIGNS["#"] if word[0].isdigit() else _SIGNS.get(word, word) for word in _WORD.findall(lowered)]


def as_term(token: str) -> str:
    """A token as it is written in the file."""
    signs = {word: sign for sign, word in _SIGNS.items()}
    return " ".join(signs.get(word, word) for word in token.split("_"))


@cache
def load_lexicon(path: Path = LEXICON_FILE) -> Lexicon:
    """Read a lexicon file. It is part of the program, so a mistake in it is a bug and raises ValueError."""
    content = _File.model_validate(tomllib.loads(path.read_text("utf-8")))
    valences: dict[str, float] = {}
    phrases: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for group in content.group:
        for words in _expand(group.terms):
            token = "_".join(words)
            if valences.setdefault(token, group.valence) != group.valence:
                raise ValueError(f"{path.name}: {' '.join(words)!r} stands in two groups")
            if unknown := [word for word in words if words_of(word) != [word]]:
                raise ValueError(f"{path.name}: {unknown[0]!r} can never be found in a text")
            if len(words) > 1 and words not in phrases[words[0]]:
                phrases[words[0]].append(words)
    return Lexicon(
        version=content.version,
        valences={token: valence for token, valence in valences.items() if valence},
        neutral=frozenset(token for token, valence in valences.items() if not valence),
        ignored=frozenset(content.ignored),
        asking=frozenset(content.asking),
        phrases={first: tuple(sorted(several, key=len, reverse=True)) for first, several in phrases.items()},
    )


def _expand(terms: Iterable[str]) -> Iterable[tuple[str, ...]]:
    for term in terms:
        yield from product(*([_SIGNS.get(word, word) for word in part.split("|")] for part in term.split()))
