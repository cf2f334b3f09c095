"""Replaces invalid character references such as `&#xD800;`, because one of them makes feedparser reject the feed.

Publishers that cut an emoji in half write such references by accident. With one such reference, an attacker who can
add a single entry to a feed could suppress all its other entries.
"""

from __future__ import annotations

import re
import sys

_REFERENCE = re.compile(rb"&#(?:0*([0-9]+)|[xX]0*([0-9a-fA-F]+));?")
_PAIR = re.compile(
    rb"&#(0*5[56][0-9]{3}|[xX]0*[dD][89abAB][0-9a-fA-F]{2});&#(0*5[67][0-9]{3}|[xX]0*[dD][c-fC-F][0-9a-fA-F]{2});"
)
_MOST_DIGITS = 7
_SURROGATES = range(0xD800, 0xE000)
_HIGH, _LOW = range(0xD800, 0xDC00), range(0xDC00, 0xE000)
_NO_CHARACTER = b"&#65533;"


def with_valid_references(body: bytes) -> bytes:
    """Replace references that do not denote a character, in a document of any encoding that extends ASCII.

    A pair of surrogates becomes a reference to the character that it encodes. Other invalid references become U+FFFD.
    """
    return _REFERENCE.sub(_valid, _PAIR.sub(_joined, body)) if b"&#" in body else body


def _joined(pair: re.Match[bytes]) -> bytes:
    high, low = (_number(part) for part in pair.groups())
    if high not in _HIGH or low not in _LOW:
        return pair[0]
    return b"&#%d;" % (0x10000 + ((high - _HIGH.start) << 10) + (low - _LOW.start))


def _number(written: bytes) -> int:
    return int(written[1:], 16) if written[:1] in b"xX" else int(written)


def _valid(reference: re.Match[bytes]) -> bytes:
    decimal, hexadecimal = reference.groups()
    digits = decimal or hexadecimal
    if len(digits) > _MOST_DIGITS:
        return _NO_CHARACTER
    code = int(digits, 10 if decimal else 16)
    return _NO_CHARACTER if code in _SURROGATES or code > sys.maxunicode else reference[0]
