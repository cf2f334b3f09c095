"""Offsets from UTC as they are written after a time: `+09:00`, `GMT-0500 (Eastern Standard Time)`, `JST`.

A name is in the table only if it has meant one offset since 2009, the first year of crypto news. Names of several
zones, and of zones whose offset changed (MSK), are refused: a guess can date news hours before it was known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

OFFSETS: Mapping[str, timedelta] = {
    name: timedelta(hours=hours)
    for hours, names in {
        0: "Z UTC UT GMT UCT WET",
        1: "CET WAT WEST",
        2: "CEST EET CAT SAST",
        3: "EEST EAT TRT",
        5: "PKT",
        5.75: "NPT",
        7: "ICT WIB",
        8: "HKT SGT AWST PHT WITA",
        9: "JST KST WIT",
        9.5: "ACST",
        10: "AEST",
        10.5: "ACDT",
        11: "AEDT",
        12: "NZST",
        13: "NZDT",
        -10: "HST",
        -9: "AKST",
        -8: "AKDT PST",
        -7: "PDT MST",
        -6: "MDT",
        -5: "EST CDT",
        -4: "EDT",
        -3: "ART BRT",
    }.items()
    for name in names.split()
}
"""The offset of each zone by its name in upper case.

EST, EDT, CDT, MST, MDT, PST and PDT have the offsets of RFC 5322. No other meaning of them gives a later instant.
"""

AMBIGUOUS: Mapping[str, tuple[timedelta, ...]] = {
    name: tuple(timedelta(hours=each) for each in hours)
    for name, hours in {
        "ADT": (-3, 4),
        "AMT": (-4, 4),
        "AST": (-4, 3),
        "BST": (1, 6, 11),
        "CST": (-6, -5, 8),
        "ECT": (-5, -4),
        "GST": (4, -2, 10),
        "IST": (1, 2, 5.5),
        "MSK": (3, 4),
        "NST": (-3.5, 5.75),
        "SST": (-11, 8),
        "WST": (1, 8, 13),
    }.items()
}
"""All offsets that each name may mean. Such a name may confirm an offset beside it, but is not enough alone."""

_FURTHEST = timedelta(hours=14)
_MINUTES_OF_AN_HOUR = 60
_NUMBER = r"(?P<sign>[+\-\u2212])(?:(?P<hours>\d\d):?(?P<minutes>\d\d)|(?P<h>\d{1,2})(?::(?P<m>\d\d))?)"
_OFFSET = re.compile(
    rf"(?:(?:(?:UTC|GMT|UT)\s?)?{_NUMBER}(?:\s?(?P<label>[A-Z]+))?|(?P<name>[A-Z]+))(?:\s?\((?P<comment>[^()]*)\))?",
    re.IGNORECASE | re.ASCII,
)
_COMMENT_ALONE = re.compile(r"\(([^()]*)\)")


class AmbiguousZoneError(ValueError):
    """A zone name may mean several offsets. `name` is that name in capitals."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is the name of several zones, or of one whose offset changed")
        self.name = name


def read_offset(text: str) -> timedelta:
    """Return the offset from UTC that `text` states. `text` is what follows the time of day, without outer blanks.

    Raises:
        AmbiguousZoneError: the name stands for several offsets.
        ValueError: the text is not understood as a whole, or contradicts itself.
    """
    if alone := _COMMENT_ALONE.fullmatch(text):
        return read_offset(alone[1].strip())
    found = _OFFSET.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:60]!r} is no offset from UTC that is known, such as +09:00 or JST")
    offset = _named(found["name"]) if found["name"] else _numbered(found)
    if (label := found["label"]) and offset not in _meanings(label):
        raise ValueError(f"{text[:60]!r} is an offset with a name that is not known to have it")
    if found["comment"] and not _may_mean(found["comment"].strip(), offset):
        raise ValueError(f"{text[:60]!r} states two offsets")
    return offset


def _named(name: str) -> timedelta:
    meanings = _meanings(name)
    if len(meanings) > 1:
        raise AmbiguousZoneError(name.upper())
    if not meanings:
        raise ValueError(f"{name[:60]!r} is no zone whose offset is known; write the offset, such as +09:00")
    return meanings[0]


def _meanings(name: str) -> tuple[timedelta, ...]:
    known = OFFSETS.get(name.upper())
    return AMBIGUOUS.get(name.upper(), ()) if known is None else (known,)


def _numbered(found: re.Match[str]) -> timedelta:
    minutes = int(found["minutes"] or found["m"] or 0)
    offset = timedelta(hours=int(found["hours"] or found["h"]), minutes=minutes)
    if minutes >= _MINUTES_OF_AN_HOUR or offset > _FURTHEST:
        raise ValueError(f"{found[0][:60]!r} is an offset that no zone has")
    return offset if found["sign"] == "+" else -offset


def _may_mean(comment: str, offset: timedelta) -> bool:
    """Whether a comment does not contradict the offset, because it states the same offset or none."""
    if meanings := _meanings(comment):
        return offset in meanings
    try:
        return read_offset(comment) == offset
    except ValueError:
        return True
