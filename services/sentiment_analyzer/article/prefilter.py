"""Quick questions to a text, asked before a slow search.

Almost no article holds what `hostile` and `text` look for. The engine of pydantic's patterns answers that in a few
microseconds; Python's own takes up to half a millisecond for a long article.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from pydantic_core import SchemaValidator, core_schema

Question = Callable[[str], bool]
"""Says no to a text with lone surrogates, which the engine cannot read."""


def may_match(patterns: Iterable[str]) -> Question:
    """Whether one of the patterns may match somewhere, without regard to case. No is certain, yes is not.

    Args:
        patterns: for `re`, with `{0,n}` as the only bounded repeat that has more than a few steps, and with no
            assertions but word boundaries and negative look-behinds.
    """
    return _holds("(?i)" + "|".join(f"(?:{_loosened(undotted(pattern))})" for pattern in patterns))


def has_none_of(characters: str) -> Question:
    """Whether a text has none of these characters.

    Args:
        characters: the inside of a set of `re`, without escapes; ranges are allowed.
    """
    readable = characters.replace("\ud800-", "\ue000-")  # the engine knows no surrogates
    escaped = "".join(each if each == "-" else rf"\x{{{ord(each):x}}}" for each in readable)
    return _holds(rf"\A[^{escaped}]*\z")


def undotted(text: str) -> str:
    """A text with the i's that Python takes for one another written as i, as `may_match` has them in its patterns."""
    return text if text.isascii() else text.replace("\u0131", "i").replace("\u0130", "i")


def _loosened(pattern: str) -> str:
    """A pattern that matches wherever this one does, and that takes a small automaton.

    What is bounded goes on without bounds, and what is asked of the surroundings is not asked. Python counts every
    number as a letter of a word, this engine only some.
    """
    unbounded = re.sub(r"\{0,\d+\}", "*", re.sub(r"\(\?<![^()]*\)", "", pattern))
    return unbounded.replace(r"\b", "").replace(r"\w", r"[\w\p{N}]")


def _holds(pattern: str) -> Question:
    return SchemaValidator(core_schema.str_schema(pattern=pattern)).isinstance_python
