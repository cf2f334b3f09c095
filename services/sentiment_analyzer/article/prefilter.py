"""Ask a text quickly whether a slow search may find anything in it.

Almost no article holds what `hostile` looks for. Python's engine takes half a millisecond to say so of a short article
and two of a long one, the engine of pydantic's patterns a few microseconds; see
docs/adr/0022-a-prefilter-for-hostile-text.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from pydantic_core import SchemaValidator, core_schema

Question = Callable[[str], bool]
"""Answers False for a text with lone surrogates, which the engine cannot read."""


def may_match(patterns: Iterable[str]) -> Question:
    """Whether one of the patterns may match somewhere, without regard to case. False is certain, True is not.

    Args:
        patterns: for `re`, with `{0,n}` as the only bounded repeat that has more than a few steps, and with no
            assertions but word boundaries and negative look-behinds.
    """
    pattern = "(?i)" + "|".join(f"(?:{_loosened(undotted(each))})" for each in patterns)
    return SchemaValidator(core_schema.str_schema(pattern=pattern)).isinstance_python


def undotted(text: str) -> str:
    """A text with the i's that Python takes for one another written as i, as `may_match` has them in its patterns."""
    return text if text.isascii() else text.replace("\u0131", "i").replace("\u0130", "i")


def _loosened(pattern: str) -> str:
    """A pattern that matches wherever this one does, and that takes a small automaton.

    Bounded repeats become unbounded, and assertions are left out. Python counts every number as a letter of a word,
    this engine only some.
    """
    unbounded = re.sub(r"\{0,\d+\}", "*", re.sub(r"\(\?<![^()]*\)", "", pattern))
    return unbounded.replace(r"\b", "").replace(r"\w", r"[\w\p{N}]")
