"""Removal of publishers from the end of titles: "Ether slides as funds leave - Bitcoin News" is about ether only.

News aggregators write such titles. The ending is removed when a title is read, before assets are matched, because a
coin's name within a publisher's name does not mean that the article is about the coin.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import product
from pathlib import Path

from pydantic import BaseModel, ConfigDict

PUBLISHERS_FILE = Path(__file__).with_name("publishers.toml")
LONGEST_NAME = 80

_LEAD_IN = re.compile(
    r"\s+[-\u2010-\u2015\u2212]+\s*|\s*[-\u2010-\u2015\u2212]+\s+|\s*[\u2012-\u2015|\u00b7\u2022\u00bb\u203a]+\s*|\s*::+\s*"
    r"|\s+//+\s*|\s+[(\[](?:via\s+|source:\s*)?|[\s,]+(?:via|according to|source:)\s+",
    re.IGNORECASE,
)
_AROUND = " \t()[].!"
_TOP_LEVEL = re.compile(r"\.[a-z]{2,10}$")
_NO_NAME = re.compile(r"[\W_]+")


class Publishers(BaseModel):
    """The content of the file of publishers.

    Attributes:
        names: names that mean a publisher at any place in a text.
        endings: names that mean a publisher only at the end of a title.
        subjects: words that never mean a publisher, even if an operator uses them as the name of a source.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: tuple[str, ...]
    endings: tuple[str, ...]
    subjects: tuple[str, ...]


@cache
def load_publishers(path: Path = PUBLISHERS_FILE) -> Publishers:
    """Read the file of publishers. It is part of the program, so a mistake in it is a bug and raises ValueError."""
    content = tomllib.loads(path.read_text("utf-8"))
    return Publishers.model_validate({name: tuple(_expanded(terms)) for name, terms in content.items()})


def without_publisher(title: str, *stated: str) -> str:
    """Return a title without the publisher at its end, if there is one; empty only if the title was empty.

    Args:
        title: the title, on one line.
        stated: names or hosts of the article's publisher, if known. The publishers of the file are always removed.
    """
    names = _known().union(*map(_stated_keys, stated))
    while found := _ending(title, names):
        title = title[: found.start()].rstrip()
    return title


def without_source(title: str, source: str) -> str:
    """Remove publishers and the feed's name `source` from the end of a title, but keep a subject ("bitcoin")."""
    return without_publisher(title) if _key(source) in _subjects() else without_publisher(title, source)


def without_byline(summary: str, title: str, written: str) -> str:
    """Return a summary without its publisher if it repeats a title with the publisher, as aggregators write it.

    Args:
        summary: the summary, on one line.
        title: the title that `without_publisher` returned.
        written: the title as received.
    """
    cut = frozenset(_keys(_LEAD_IN.sub("", written[len(title) :], count=1)))
    repeats = summary.startswith(title) and not cut.isdisjoint(_keys(summary[len(title) :]))
    return title if repeats else summary


def _ending(title: str, names: frozenset[str]) -> re.Match[str] | None:
    """Find the separator before the publisher: the first possible one, because names may contain hyphens."""
    start = max(len(title) - LONGEST_NAME, 1)
    for lead_in in _LEAD_IN.finditer(title, start):
        if title[: lead_in.start()].strip() and not names.isdisjoint(_keys(title[lead_in.end() :])):
            return lead_in
    return None


@cache
def _known() -> frozenset[str]:
    publishers = load_publishers()
    return frozenset(_key(name) for name in (*publishers.names, *publishers.endings))


@cache
def _subjects() -> frozenset[str]:
    return frozenset(load_publishers().subjects)


@lru_cache(maxsize=1024)
def _stated_keys(name: str) -> frozenset[str]:
    """Return the forms in which a name is compared. The form without a domain ending must not be a subject."""
    full, *bare = _keys(name) or ("",)
    return frozenset({full, *(key for key in bare if key not in _subjects())} - {""})


def _keys(name: str) -> tuple[str, ...]:
    """Return the different forms in which a name is compared: with and without the ending of a domain."""
    plain = unicodedata.normalize("NFKC", name).casefold().strip(_AROUND)
    keys = (_key(plain), _key(_TOP_LEVEL.sub("", plain)))
    return tuple(dict.fromkeys(key for key in keys if key))


def _key(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold().strip().removeprefix("www.")
    return _NO_NAME.sub("", folded).removeprefix("the")


def _expanded(terms: Iterable[str]) -> Iterable[str]:
    for term in terms:
        yield from (" ".join(words) for words in product(*(part.split("|") for part in term.split())))
