"""A fast check whether a slow search can find anything in a text.

Almost no article contains anything that `hostile` searches for. To find that out, Python's regular-expression engine
takes 0.5 ms for a short article and 2 ms for a long one. The engine that pydantic uses for its patterns takes a few
microseconds. See docs/adr/0023-a-prefilter-for-hostile-text.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from pydantic_core import SchemaValidator, core_schema

Question = Callable[[str], bool]
"""A check whether a search may find something in a text. The check returns False for a text with lone surrogates,
which the engine cannot read."""


def may_match(patterns: Iterable[str]) -> Question:
    """Build a check whether one of the patterns may match somewhere in a text, ignoring case.

    If the check returns False, no pattern matches. If it returns True, a pattern may match.

    Args:
        patterns: regular expressions for `re`. `{0,n}` is their only bounded repeat of more than a few steps, and
            their only assertions are word boundaries and negative look-behinds.
    """
    pattern = "(?i)" + "|".join(f"(?:{_loosened(undotted(each))})" for each in patterns)
    return SchemaValidator(core_schema.str_schema(pattern=pattern)).isinstance_python


def undotted(text: str) -> str:
    """Replace each letter that Python's engine treats as an i by i, as `may_match` does in its patterns."""
    return text if text.isascii() else text.replace("\u0131", "i").replace("\u0130", "i")


def _loosened(pattern: str) -> str:
    """Return a pattern that matches wherever the given pattern does, and that compiles to a small automaton.

    Bounded repeats become unbounded, and assertions are dropped. All numeric characters are added to the word
    characters, because Python counts every numeric character as a word character, but this engine counts only some of
    them.
    """
    unbounded = re.sub(r"\{0,\d+\}", "*", re.sub(r"\(\?<![^()]*\)", "", pattern))
    return unbounded.replace(r"\b", "").replace(r"\w", r"[\w\p{N}]")
