"""Reads the crypto lexicon, whose terms have a valence on VADER's scale of -4 to +4 or no valence."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import compress, count, pairwise, product
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from services.sentiment_analyzer.scorers.lexicon.file import (
    ComparisonTerms,
    LexiconFile,
    ReversalTerms,
)
from services.sentiment_analyzer.scorers.lexicon.reversals import Reversals

LEXICON_FILE = Path(__file__).with_name("lexicon.toml")

_WORD = re.compile(r"\d(?:[\d.,]*\d)?|%|&|[^\W\d_]+(?:'t\b)?|[,;:]|[.!?](?=\s|$)")
_NEVER = re.compile(r"(?!)")
_CHANGING = ("negators", "deniers", "relievers", "relieved", "background", "turns", "dampers")
# Tokens contain the signs of the file as words, because VADER strips punctuation from the ends of a token.
_SIGNS = {"#": "0", "%": "pct"}
_WRITTEN = {word: sign for sign, word in _SIGNS.items()}


class Comparisons(NamedTuple):
    """Patterns of words that compare one thing with another.

    Attributes:
        begin: the first words of all patterns, in lower case.
        between: matches the whole text between two names. Its named groups `better` and `worse` show which name is
            better or worse; the group `preposition` is the preposition.
    """

    begin: frozenset[str]
    between: re.Pattern[str]


class Lexicon(BaseModel):
    """The terms of the lexicon as tokens.

    Attributes:
        valences: the valence of each token. A term of several words is one token, joined by underscores.
        neutral: tokens that show that a text was understood and is neither good nor bad news.
        ignored: words of general English that mean nothing here.
        asking: the first words of headlines that ask a question.
        phrases: the terms of several words, keyed by their first two words, with the longest term first.
        directions: tokens that mean more (+1) or less (-1) of anything.
        settling: tokens which say that something bad that is named near them is over.
        negators, deniers, relievers, relieved, links, burdens, background, turns, dampers: see `rules` in the file.
        adoption: tokens whose valence counts in full only in a text with a token of `world`.
        world: tokens that show that a text is about crypto.
        reversals: see `reversals` in the file.
        changing: all tokens that change the valences of other tokens.
        english: words that show that a text is English.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    valences: Mapping[str, float]
    neutral: frozenset[str]
    ignored: frozenset[str]
    asking: frozenset[str]
    phrases: Mapping[tuple[str, str], tuple[tuple[str, ...], ...]]
    directions: Mapping[str, int] = {}
    negators: frozenset[str] = frozenset()
    deniers: frozenset[str] = frozenset()
    relievers: frozenset[str] = frozenset()
    relieved: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    burdens: frozenset[str] = frozenset()
    background: frozenset[str] = frozenset()
    turns: frozenset[str] = frozenset()
    dampers: frozenset[str] = frozenset()
    english: frozenset[str] = frozenset()
    adoption: frozenset[str] = frozenset()
    settling: frozenset[str] = frozenset()
    changing: frozenset[str] = frozenset()
    world: frozenset[str] = frozenset()
    comparisons: Comparisons = Comparisons(frozenset(), _NEVER)
    reversals: Reversals = Reversals()

    def asks(self, headline: str) -> bool:
        """Whether a headline asks or explains something instead of reporting it."""
        first = headline.split(maxsplit=1)[:1]
        return headline.endswith("?") or (bool(first) and first[0].lower() in self.asking)

    def tokens(self, text: str) -> list[str]:
        """Return the words of a text in lower case, with numbers as 0 and terms of several words as one token."""
        words = words_of(text)
        phrases = self.phrases
        begins = compress(count(), map(phrases.__contains__, pairwise(words)))
        tokens: list[str] = []
        done = 0
        for index in begins:
            if index < done:
                continue
            for phrase in phrases[words[index], words[index + 1]]:
                if tuple(words[index : index + len(phrase)]) == phrase:
                    tokens += words[done:index]
                    tokens.append("_".join(phrase))
                    done = index + len(phrase)
                    break
        return tokens + words[done:]


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case.

    Numbers become 0, % and percent become pct, and a word such as "doesn't" stays whole.
    """
    lowered = text.lower().replace("\u2019", "'").replace("percent", "%")
    words = _WORD.findall(lowered)
    return [word if word.isalpha() else _sign(word) for word in words]


def _sign(word: str) -> str:
    return _SIGNS["#"] if word[0].isdigit() else _SIGNS.get(word, word)


def as_term(token: str) -> str:
    """Return a token in the spelling of the lexicon file."""
    return " ".join(_WRITTEN.get(word, word) for word in token.split("_"))


class _Entries:
    """Turns terms into tokens, and collects the terms of several words."""

    def __init__(self, file_name: str) -> None:
        self._file_name = file_name
        self._phrases: dict[tuple[str, str], set[tuple[str, ...]]] = defaultdict(set)

    def tokens(self, terms: Iterable[str]) -> list[str]:
        tokens = []
        for words in _expand(terms):
            if unknown := [word for word in words if words_of(word) != [word]]:
                raise ValueError(f"{self._file_name}: {unknown[0]!r} can never be found in a text")
            if len(words) > 1:
                self._phrases[words[0], words[1]].add(words)
            tokens.append("_".join(words))
        return tokens

    def phrases(self) -> dict[tuple[str, str], tuple[tuple[str, ...], ...]]:
        """Return the terms of several words, keyed by their first two words, with the longest term first.

        The order is fixed, so that every process reads a text in the same way.
        """
        return {
            first: tuple(sorted(several, key=lambda words: (-len(words), words)))
            for first, several in self._phrases.items()
        }


@cache
def load_lexicon(path: Path = LEXICON_FILE) -> Lexicon:
    """Read a lexicon file.

    The file is part of the program, so a mistake in it is a bug and raises ValueError.
    """
    content = LexiconFile.model_validate(tomllib.loads(path.read_text("utf-8")))
    entries = _Entries(path.name)
    valences: dict[str, float] = {}
    directions: dict[str, int] = {}
    marked: dict[str, set[str]] = {"adoption": set(), "settles": set()}
    for group in content.group:
        tokens = entries.tokens(group.terms)
        for token in tokens:
            if valences.setdefault(token, group.valence) != group.valence:
                raise ValueError(f"{path.name}: {token.replace('_', ' ')!r} stands in two groups")
        if group.direction:
            directions |= dict.fromkeys(tokens, 1 if group.valence > 0 else -1)
        for mark, several in marked.items():
            several.update(tokens if getattr(group, mark) else ())
    rules = {name: frozenset(entries.tokens(terms)) for name, terms in content.rules.items()}
    reversals = _reversals(entries, content.reversals, directions)
    changing = [rules.get(name, frozenset()) for name in _CHANGING]
    return Lexicon(
        version=content.version,
        valences={token: valence for token, valence in valences.items() if valence},
        neutral=frozenset(token for token, valence in valences.items() if not valence),
        ignored=frozenset(content.ignored),
        asking=frozenset(content.asking),
        phrases=entries.phrases(),
        directions=directions,
        adoption=frozenset(marked["adoption"]),
        settling=frozenset(marked["settles"]),
        comparisons=_comparisons(content.comparisons),
        reversals=reversals,
        changing=frozenset(directions).union(marked["settles"], reversals.begin, *changing),
        **rules,
    )


def _reversals(entries: _Entries, words: ReversalTerms, directions: Mapping[str, int]) -> Reversals:
    tokens = {name: frozenset(entries.tokens(getattr(words, name))) for name in ReversalTerms.model_fields}
    up, down = tokens.pop("up"), tokens.pop("down")
    moves = dict.fromkeys(up, 1) | dict.fromkeys(down, -1)
    ends = tokens["enders"].union(tokens["faders"], tokens["failers"])
    verbs = {token: sign for token, sign in directions.items() if token not in ends} | moves
    begin = ends.union(tokens["rebounders"], tokens["losers"], tokens["smaller"])
    return Reversals(moves=moves, verbs=verbs, begin=begin, **tokens)


def _comparisons(words: ComparisonTerms) -> Comparisons:
    def one_of(terms: Iterable[str]) -> str:
        return "|".join(" ".join(each) for each in _expand(terms)) or _NEVER.pattern

    against = r"(?: (?:by )?\d[\d.,]*%)?(?: (?:on|against|versus|vs\.?|over|relative to))"
    held = rf"(?P<better>(?:{one_of(words.better)})|(?:{one_of(words.better_against)})(?={against}))"
    held += rf"|(?P<worse>(?:{one_of(words.worse)})|(?:{one_of(words.worse_against)})(?={against}))"
    preposition = r"(?: (?:by )?\d[\d.,]*%)?(?: (?P<preposition>on|against|versus|vs\.?|over|relative to))?"
    every = (*words.better, *words.better_against, *words.worse, *words.worse_against)
    return Comparisons(
        frozenset(words[0] for words in _expand(every)),
        re.compile(
            rf"(?:['\u2019]s)?(?: (?:{one_of(words.adverbs)})){{0,2}} (?:{held}){preposition} (?:the |rival )?",
            re.IGNORECASE,
        ),
    )


def _expand(terms: Iterable[str]) -> Iterable[tuple[str, ...]]:
    for term in terms:
        yield from product(*([_SIGNS.get(word, word) for word in part.split("|")] for part in term.split()))
