"""A text cut into words, the phrases to look for in it, and the phrases found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

WORD = re.compile(r"\w+")


class Doubt(IntEnum):
    """How ambiguous a spelling is; `assets.toml` says what each needs to count as the coin."""

    NONE = 0
    SYMBOL = 1
    WORD = 2
    COMMON = 3


@dataclass(frozen=True, slots=True)
class Phrase:
    """One spelling to look for.

    Attributes:
        tokens: its words in lower case.
        exact: its words as they must be written; None where case does not matter.
        gaps: what stands between its words.
        loose: a hyphen may stand for a space between its words, and a space for a hyphen.
        ticker: the coin it names.
        market: it is a word about the market.
        doubt: how ambiguous it is.
        ignore: it is recognised only so that nothing within it counts as a mention.
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
    """A phrase found at the words `first` to `end`, the latter not included."""

    first: int
    end: int
    ticker: str | None
    market: bool = False
    doubt: Doubt = Doubt.NONE
    ignore: bool = False


class Words:
    """A text cut into words, with the characters between them."""

    def __init__(self, text: str) -> None:
        self.text = text
        matches = list(WORD.finditer(text))
        self.written = [match[0] for match in matches]
        self.lower = list(map(str.lower, self.written))
        self.starts = [match.start() for match in matches]
        self.ends = [match.end() for match in matches]
        self.all_capitals = text.isupper()

    def before(self, index: int) -> str:
        """The character before a word, or nothing."""
        start = self.starts[index]
        return self.text[start - 1 : start] if start else ""

    def after(self, index: int) -> str:
        """The character after a word, or nothing."""
        end = self.ends[index]
        return self.text[end : end + 1]

    def between(self, index: int, later: int) -> str:
        """The characters between two words."""
        return self.text[self.ends[index] : self.starts[later]]

    def next_written(self, index: int) -> str | None:
        """The next word, if there is one."""
        return self.written[index + 1] if index + 1 < len(self.written) else None
