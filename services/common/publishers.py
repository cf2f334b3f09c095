"""The publisher at the end of a title: "Ether slides as funds leave - Bitcoin News" is about ether alone.

News aggregators write such titles. The ending is cut when a title is read, before assets are matched: the name of a
coin in a publisher's name is no mention of the coin.
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
    """The content of the file.

    Attributes:
        names: publishers wherever they stand.
        endings: publishers only at the end of a title.
        subjects: words that are no publisher, though an operator may call a source so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: tuple[str, ...]
    endings: tuple[str, ...]
    subjects: tuple[str, ...]


@cache
def load_publishers(path: Path = PUBLISHERS_FILE) -> Publishers:
    """Read the file. It is part of the program, so a mistake in it is a bug and raises ValueError."""
    content = tomllib.loads(path.read_text("utf-8"))
    return Publishers.model_validate({name: tuple(_expanded(terms)) for name, terms in content.items()})


def without_publisher(title: str, *stated: str) -> str:
    """A title without the publisher that it ends with, if it does; never empty unless it was.

    Args:
        title: on one line.
        stated: who published it, as far as that is known: names or hosts. Known publishers are cut without.
    """
    names = _known().union(*map(_stated_keys, stated))
    while found := _ending(title, names):
        title = title[: found.start()].rstrip()
    return title


def without_source(title: str, source: str) -> str:
    """The same, where `source` is an operator's name for a feed: one that is called "bitcoin" publishes about it."""
    return without_publisher(title) if _key(source) in _subjects() else without_publisher(title, source)


def without_byline(summary: str, title: str, written: str) -> str:
    """A summary that repeats a title and the publisher behind it, as aggregators write it, without the latter.

    Args:
        summary: on one line.
        title: as `without_publisher` left it.
        written: the title as it came in.
    """
    cut = frozenset(_keys(_LEAD_IN.sub("", written[len(title) :], count=1)))
    repeats = summary.startswith(title) and not cut.isdisjoint(_keys(summary[len(title) :]))
    return title if repeats else summary


def _ending(title: str, names: frozenset[str]) -> re.Match[str] | None:
    """Where the publisher begins that a title ends with. Of several such places the first: names have hyphens, too."""
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
    """A name and, unless that is a subject, what a domain's ending leaves of it, as they are compared."""
    full, *bare = _keys(name) or ("",)
    return frozenset({full, *(key for key in bare if key not in _subjects())} - {""})


def _keys(name: str) -> tuple[str, ...]:
    """A name as it is compared: as it is, and without a domain's ending."""
    plain = unicodedata.normalize("NFKC", name).casefold().strip(_AROUND)
    keys = (_key(plain), _key(_TOP_LEVEL.sub("", plain)))
    return tuple(dict.fromkeys(key for key in keys if key))


def _key(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold().strip().removeprefix("www.")
    return _NO_NAME.sub("", folded).removeprefix("the")


def _expanded(terms: Iterable[str]) -> Iterable[str]:
    for term in terms:
        yield from (" ".join(words) for words in product(*(part.split("|") for part in term.split())))
