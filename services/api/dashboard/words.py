"""How the pages write values, as filters of the templates; see also `services.operations.words`."""

from __future__ import annotations

import re
from urllib.parse import quote

from services.operations.words import (
    age_text,
    describe_seconds,
    minute,
    moment,
    mood,
    percent,
    plain_name,
    price,
    score,
    share,
    written_instant,
)

_OF_THE_WEB = re.compile(r"https?://", re.IGNORECASE)


def tone(value: float | None, limit: float = 0.3) -> str:
    """The class of a value's colour: `good`, `bad`, or empty below the limit."""
    if value is None or abs(value) < limit:
        return ""
    return "good" if value > 0 else "bad"


def change_tone(value: float | None) -> str:
    """The class of the colour of a change in percent: `good-text`, `bad-text`, or empty where it is about zero."""
    found = tone(value, 0.005)
    return found and f"{found}-text"


def web_link(address: str) -> str:
    """An address of the web as it is; empty for anything else, such as `javascript:` in a feed's link."""
    return address if _OF_THE_WEB.match(address) else ""


def path_part(text: str) -> str:
    """A text as one part of a path: also its slashes are quoted, so that it leads nowhere else."""
    return quote(text, safe="")


FILTERS = {
    each.__name__: each
    for each in (
        *(describe_seconds, age_text, moment, minute, written_instant),
        *(score, percent, share, price, mood, tone, change_tone),
        *(path_part, web_link),
    )
} | {"plain": plain_name}
