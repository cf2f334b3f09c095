"""Removes from an article any text that is meant to steer a language model that reads it (prompt injection).

No scorer sees text that looks like an instruction, a role mark or a ready-made answer. If anything was removed, the
confidence in the scores of the article is lowered. This is the weakest of several defences, because no list of
attacks is complete. Whatever an article says, it cannot change the form of an answer, because the schema and the
checks in `answer` enforce that form. Nor can it change which assets are scored, because the matcher decides that.
"""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import chain
from pathlib import Path

from services.common.text.hidden_text import hides_characters, reorders
from services.sentiment_analyzer.article.prefilter import Question, may_match, undotted

PATTERNS_FILE = Path(__file__).with_name("hostile.toml")
SHORTEST_ENCODED = 40
MOSTLY = 0.9

_FOREIGN_WORD = re.compile(r"\w*[^\W\x00-\x7f]\w*")
_SENTENCE_END = re.compile(r"[.!?\u3002\uff01\uff1f\u061f\u0964](?=\s|$|[^\x00-\x7f])")
_ENCODED = re.compile(rf"[A-Za-z0-9+/]{{{SHORTEST_ENCODED},}}={{0,2}}")
_SPACED_OUT = re.compile(r"(?:\b\w[ ._\-*]){7,}\w\b")
_MAY_BE_ENCODED = may_match([_ENCODED.pattern, _SPACED_OUT.pattern])
# Cyrillic and Greek letters that look like Latin ones.
_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u051b\u0410\u0412\u0415\u041a\u041c\u041d\u041e"
    "\u0420\u0421\u0422\u0425\u0406\u0408\u0405\u03b1\u03bf\u03c1\u03bd\u03b9\u03ba\u03c5\u0391\u0392\u0395\u0396\u0397"
    "\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7",
    "aeopcyxijsdwABEKMHOPCTXIJSaopvikuABEZHIKMNOPTYX",
)


class Suspicion(StrEnum):
    """The kind of suspicious content that was found and removed."""

    INSTRUCTION = "instruction"
    ROLE_MARK = "role_mark"
    FAKE_ANSWER = "fake_answer"
    HIDDEN_TEXT = "hidden_text"
    LOOKALIKES = "lookalikes"
    ENCODED = "encoded"


@dataclass(frozen=True, slots=True)
class _Group:
    """A group of patterns. Each pattern is searched for, unless `may_match` shows that none of them matches."""

    patterns: tuple[re.Pattern[str], ...]
    may_match: Question

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the start and end positions of all matches in `text`."""
        if not self.may_match(undotted(text)):
            return []
        return [match.span() for pattern in self.patterns for match in pattern.finditer(text)]


@dataclass(frozen=True, slots=True)
class _Patterns:
    marks: tuple[tuple[Suspicion, _Group], ...]
    instructions: tuple[_Group, ...]


def hidden_text(raw: str) -> set[Suspicion]:
    """Return the suspicion HIDDEN_TEXT if an uncleaned text hides or reorders characters for its readers."""
    return {Suspicion.HIDDEN_TEXT} if hides_characters(raw) or reorders(raw) else set()


def disarm(text: str) -> tuple[str, set[Suspicion]]:
    """Remove the suspicious parts of a cleaned text, and return the remaining text and the suspicions.

    A role mark or a ready-made answer is removed together with everything after it. An instruction is removed
    together with the rest of its sentence. If there are several instructions, everything between them is removed too.
    """
    found: set[Suspicion] = set()
    if not text.isascii():
        plain = _FOREIGN_WORD.sub(_latin, text)
        found |= {Suspicion.LOOKALIKES} if plain != text else set()
        text = plain
    patterns = _patterns()
    for kind, group in patterns.marks:
        if spans := group.spans(text):
            found.add(kind)
            text = text[: spans[0][0]]
    for pattern in (_ENCODED, _SPACED_OUT) if _MAY_BE_ENCODED(text) else ():
        without = pattern.sub(_drop_encoded, text)
        found |= {Suspicion.ENCODED} if without != text else set()
        text = without
    if spans := [span for group in patterns.instructions for span in group.spans(text)]:
        found.add(Suspicion.INSTRUCTION)
        end = _SENTENCE_END.search(text, max(end for _, end in spans))
        text = text[: min(start for start, _ in spans)] + (text[end.end() :] if end else "")
    return " ".join(text.split()) if found else text, found


def _latin(word: re.Match[str]) -> str:
    """Replace the letters of a word that only look Latin by Latin letters; return any other word unchanged."""
    text = word[0]
    plain = text.translate(_LOOKALIKES)
    if plain == text or not plain.isascii():
        return text
    # The word either mixes alphabets, or is a ticker without any Latin letter.
    mixed = any(character.isascii() and character.isalpha() for character in text)
    return plain if mixed or (text.isupper() and len(text) > 1) else text


def _drop_encoded(found: re.Match[str]) -> str:
    """Return an empty text for base64-encoded text and for spaced-out letters, and return anything else unchanged."""
    text = found[0]
    if " " in text or (not text.isalnum() and not _ENCODED.fullmatch(text)):
        return ""
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return text
    printable = sum(unicodedata.category(character)[0] in "LNPZ" for character in decoded)
    return "" if printable >= MOSTLY * len(decoded) else text


@cache
def _patterns() -> _Patterns:
    content = tomllib.loads(PATTERNS_FILE.read_text("utf-8"))
    marks, languages = content["marks"], content["instructions"]
    others = [patterns for name, patterns in languages.items() if name != "en"]
    return _Patterns(
        marks=(
            (Suspicion.ROLE_MARK, _group([marks["roles"]])),
            (Suspicion.FAKE_ANSWER, _group([marks["answer"]])),
        ),
        instructions=(_group([languages["en"]]), _group(others)),
    )


def _group(patterns: list[list[str]]) -> _Group:
    """Compile one pattern from each list of alternatives. Matches of different patterns may overlap."""
    compiled = (re.compile("|".join(f"(?:{each})" for each in some), re.IGNORECASE) for some in patterns)
    return _Group(tuple(compiled), may_match(chain.from_iterable(patterns)))
