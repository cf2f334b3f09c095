"""Text of messages is cleaned, not refused: no article is lost because of one odd character."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pydantic import ValidationInfo

from services.common.text.hidden_text import reorders
from services.common.text.plain_text import without_control


@dataclass(slots=True)
class Reading:
    """The context of a validation in which a message is read, and what was noticed about its text.

    Attributes:
        reordered: whether there were characters that show people another order of letters than a machine sees.
    """

    reordered: bool = False


def cleaned_line(value: object, info: ValidationInfo) -> object:
    """A text of one line; see `without_control`."""
    return _cleaned(value, info, lines=False)


def cleaned_lines(value: object, info: ValidationInfo) -> object:
    """A text that keeps its tabs and newlines."""
    return _cleaned(value, info, lines=True)


def _cleaned(value: object, info: ValidationInfo, *, lines: bool) -> object:
    if not isinstance(value, str):
        return value
    if isinstance(info.context, Reading):
        info.context.reordered |= reorders(value)
    return without_control(value, lines=lines)


def mended(body: bytes) -> bytes | None:
    """JSON without what a strict parser refuses inside of its strings; None if it is no JSON all the same.

    That is control characters that are not escaped, escapes of unpaired surrogates, and bytes that are not UTF-8.
    """
    try:
        value = json.loads(body.decode(errors="replace"), strict=False)
        return json.dumps(value, ensure_ascii=False).encode(errors="replace")
    except (ValueError, RecursionError):
        return None
