"""Defines texts that are split into words, phrases to look for in such texts, and phrases that were found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

WORD = re.compile(r"\w+")


class Doubt(IntEnum):
    """The degree to which a spelling is ambiguous. `assets.toml` says what each degree needs to count as the coin."""

    NONE = 0
    SYMBOL = 1
    WORD = 2
    COMMON = 3


@dataclass(frozen=True, slots=True)
class Phrase:
    """One spelling to look for.

    Attributes:
        tokens: the words of the spelling in lower case.
        exact: the words exactly as they must be written; None if case does not matter.
        gaps: the characters between the words.
        loose: whether a text may have a hyphen for a space between the words, or a space for a hyphen.
        ticker: the ticker of the coin that the spelling names; None if it names no coin.
        market: whether the spelling is a word about the market.
        doubt: the degree to which the spelling is ambiguous.
        ignore: whether the spelling is recognised only so that nothing within it counts as a mention.
    """

    tokens: tuple[str, ...]
    exact: tuple[str, ...] | None
    gaps: tuple[str, ...]
    loose: bool
    ticker: str | None
    market: bool
    doubt: Doubt
    ignore: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase that was found at the word indices from `first` up to but not including `end`."""

    first: int
    end: int
    ticker: str | None
    market: bool = False
    doubt: Doubt = Doubt.NONE
    ignore: bool = False


class Words:
    """A text that is split into words, together with the characters between the words."""

    def __init__(self, text: str) -> None:
        self.text = text
        matches = list(WORD.finditer(text))
        self.written = [match[0] for match in matches]
        self.lower = list(map(str.lower, self.written))
        self.starts = [match.start() for match in matches]
        self.ends = [match.end() for match in matches]
        self.all_capitals = text.isupper()

    def before(self, index: int) -> str:
        """Return the character before a word; empty at the beginning of the text."""
        start = self.starts[index]
        return self.text[start - 1 : start] if start else ""

    def after(self, index: int) -> str:
        """Return the character after a word; empty at the end of the text."""
        end = self.ends[index]
        return self.text[end : end + 1]

    def between(self, index: int, later: int) -> str:
        """Return the characters between two words."""
        return self.text[self.ends[index] : self.starts[later]]

    def next_written(self, index: int) -> str | None:
        """Return the next word as it is written; None after the last word."""
        return self.written[index + 1] if index + 1 < len(self.written) else None
