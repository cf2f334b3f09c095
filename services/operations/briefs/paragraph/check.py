"""Decides whether a paragraph names a figure, or says a word, that its brief does not.

Figures are compared as they are written, not rounded: `1.5 %` is `+1.50 %`, and neither `2 %` nor `1.5` is. Words for
numbers, shares and multiples, of all languages, are in no list that could be complete. So it is the other way round:
every word has to be one of the brief's own sentences or of a list without such words. What the brief quotes of
strangers counts for neither, and may be quoted again only as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path

from services.operations.briefs.document import Document, Span

MOST_CHARACTERS = 900
LEAST_WORDS = 8
_ENDINGS = ("", "s", "es", "d", "ed", "ing", "ly", "er", "est")
_QUOTE = re.compile(r"[“\"]([^“”\"]*)[”\"]")
_PERCENT = re.compile(r"(?<=\d)\s*(%|percent\b|per cent\b|pct\b)", re.IGNORECASE)
_POSSESSIVE = re.compile(r"'s\b")
_EDGES = "()[].,;:!?'"
_WORD = re.compile(r"[a-z]+")
_DIGIT = re.compile(r"\d")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?%?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?%?", re.ASCII)
"""With no zero before it, as offsets of time zones have."""
_ALLOWED = re.compile(r"[A-Za-z0-9 .,;:'()%+/&!?-]*")
_LOOKALIKES = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "’": "'", "‘": "'", "\u2060": None}  # noqa: RUF001 - what is meant
)


def refusal_of(paragraph: str, document: Document) -> str | None:
    """Return why a paragraph is not shown beside its brief, in words for the model; None if it can be.

    Args:
        paragraph: what the model wrote.
        document: the brief.
    """
    text = plain(paragraph)
    if len(text) > MOST_CHARACTERS:
        return f"it is longer than {MOST_CHARACTERS} characters"
    quotes = {plain(span.text).strip("“”") for span in _spans(document) if span.is_quoted}
    for quote in _QUOTE.findall(text):
        if quote not in quotes:
            return f"it quotes {quote[:60]!r}, which is no whole headline of the brief"
    text = _QUOTE.sub(" ", text)
    if not _ALLOWED.fullmatch(text):
        return "it has characters other than letters, digits and punctuation"
    pieces = list(_pieces(text))
    if len(pieces) < LEAST_WORDS:
        return f"it has fewer than {LEAST_WORDS} words"
    own = list(_pieces(_own_text(document)))
    return next(_strange_figures(pieces, own), None) or next(_strange_words(pieces, own), None)


def plain(text: str) -> str:
    """The text on one line, with ASCII signs for the signs that look like them, and without word joiners."""
    return " ".join(text.translate(_LOOKALIKES).split())


@cache
def common_words() -> frozenset[str]:
    """The words that a paragraph may always have, without endings."""
    return _listed("vocabulary.txt") - _never()


@cache
def _never() -> frozenset[str]:
    """Words that would be shares, figures or advice in the sentences of a model, also where a brief has them."""
    return _listed("never.txt")


def _listed(name: str) -> frozenset[str]:
    lines = Path(__file__).with_name(name).read_text().splitlines()
    return frozenset(word for row in lines if not row.startswith("#") for word in row.split())


def _strange_figures(pieces: Iterable[str], own: Iterable[str]) -> Iterator[str]:
    known = {_figure(piece) for piece in own if _DIGIT.search(piece)}
    for piece in pieces:
        if _DIGIT.search(piece) and not {_figure(piece), _figure(f"+{piece}")} & known:
            yield f"{piece!r} is no figure of the brief: write figures exactly as they stand there, with sign and unit"


def _strange_words(pieces: Iterable[str], own: Iterable[str]) -> Iterator[str]:
    allowed = frozenset(_words(own)) - _never()
    for word in _words(pieces):
        if word not in allowed and (word in _never() or not _is_common(word)):
            yield f"the word {word!r} is not allowed: use words of the brief and plain ones, and no word for a number"


def _is_common(word: str) -> bool:
    return any(word.endswith(ending) and word.removesuffix(ending) in common_words() for ending in _ENDINGS)


def _words(pieces: Iterable[str]) -> Iterator[str]:
    for piece in pieces:
        if not _DIGIT.search(piece):
            yield from _WORD.findall(_POSSESSIVE.sub("", piece.lower()))


def _figure(piece: str) -> tuple[Decimal, bool, bool] | str:
    """A number by its value, whether it has a sign, and whether it is in percent; else the piece as it is written."""
    number = piece.replace(",", "") if _THOUSANDS.fullmatch(piece) else piece
    if not _NUMBER.fullmatch(number):
        return piece
    try:
        value = Decimal(number.removesuffix("%"))
    except InvalidOperation:
        return piece
    return value, number[:1] in {"+", "-"}, number.endswith("%")


def _pieces(text: str) -> Iterator[str]:
    """The parts of a text between spaces, without punctuation around them; a percent sign belongs to its number."""
    for piece in _PERCENT.sub("%", text).split():
        if stripped := piece.strip(_EDGES):
            yield stripped


def _own_text(document: Document) -> str:
    """What this project wrote in a brief. A gap is left for each quote."""
    parts = [document.title, document.lead, document.foot, *(section.title for section in document.sections)]
    lines = ("".join(" \n " if span.is_quoted else span.text for span in row) for row in _lines(document))
    return plain(" \n ".join([*parts, *lines]))


def _lines(document: Document) -> Iterator[tuple[Span, ...]]:
    return (row for section in document.sections for row in section.lines)


def _spans(document: Document) -> Iterator[Span]:
    return (span for row in _lines(document) for span in row)
