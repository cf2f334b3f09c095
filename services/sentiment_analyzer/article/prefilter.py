"""A fast check whether a slow search can find anything in a text.

Almost no article holds what `hostile` searches for. Python's engine takes 0.5 ms to find that out for a short article
and 2 ms for a long one, the engine behind pydantic's patterns a few microseconds; see
docs/adr/0023-a-prefilter-for-hostile-text.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from pydantic_core import SchemaValidator, core_schema

Question = Callable[[str], bool]
"""Returns False for a text with lone surrogates, which the engine cannot read."""


def may_match(patterns: Iterable[str]) -> Question:
    """A check whether one of the patterns may match somewhere in a text, in any case. False is certain, True is not.

    Args:
        patterns: for `re`. `{0,n}` is their only bounded repeat of more than a few steps, and their only assertions
            are word boundaries and negative look-behinds.
    """
    pattern = "(?i)" + "|".join(f"(?:{_loosened(undotted(each))})" for each in patterns)
    return SchemaValidator(core_schema.str_schema(pattern=pattern)).isinstance_python


def undotted(text: str) -> str:
    """A text in which each letter that Python's engine takes for an i is one, as in the patterns of `may_match`."""
    return text if text.isascii() else text.replace("\u0131", "i").replace("\u0130", "i")


def _loosened(pattern: str) -> str:
    """A pattern that matches wherever this one does and compiles to a small automaton.

    Bounded repeats become unbounded, and assertions are dropped. For Python every numeric character can be part of a
    word, for this engine only some.
    """
    unbounded = re.sub(r"\{0,\d+\}", "*", re.sub(r"\(\?<![^()]*\)", "", pattern))
    return unbounded.replace(r"\b", "").replace(r"\w", r"[\w\p{N}]")
