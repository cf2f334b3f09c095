"""Cleans the text in messages instead of refusing it, so that no article is lost because of one odd character."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pydantic import ValidationInfo

from services.common.text.hidden_text import reorders
from services.common.text.plain_text import without_control


@dataclass(slots=True)
class Reading:
    """The validation context while a message is read. It records what is found in the text of the message.

    Attributes:
        reordered: whether characters were found that make people see the letters in another order than machines do.
    """

    reordered: bool = False


def cleaned_line(value: object, info: ValidationInfo) -> object:
    """Return a text as one line; see `without_control`."""
    return _cleaned(value, info, lines=False)


def cleaned_lines(value: object, info: ValidationInfo) -> object:
    """Return a text with its tabs and newlines; see `without_control`."""
    return _cleaned(value, info, lines=True)


def _cleaned(value: object, info: ValidationInfo, *, lines: bool) -> object:
    if not isinstance(value, str) or value.isprintable():
        return value
    if isinstance(info.context, Reading):
        info.context.reordered |= reorders(value)
    return without_control(value, lines=lines)


def mended(body: bytes) -> bytes | None:
    """Return JSON without what a strict parser refuses within strings; None if the body is not JSON even then.

    A strict parser refuses unescaped control characters, escapes of unpaired surrogates, and bytes outside of UTF-8.
    """
    try:
        value = json.loads(body.decode(errors="replace"), strict=False)
        return json.dumps(value, ensure_ascii=False).encode(errors="replace")
    except (ValueError, RecursionError):
        return None
