"""Makes text from feeds and people harmless in a chat or a mail: nothing in it is markup or can be tapped."""

from __future__ import annotations

import re

from services.common.text.plain_text import without_control

_JOINER = "\u2060"
"""The word joiner, which neither Telegram nor mail programs allow in a link, mention, tag or command."""
_TAPPABLE = re.compile(
    r"(?<!\w)[/@#$](?=\w)|[:/](?=/)"
    r"|(?<=\w)\.(?=[^\W\d])|(?<=[^\W\d])\.(?=\w)|(?<=\d)\.(?=\d+\.\d)"  # in names of hosts, not in 1.25
)
"""Characters with which links, mentions, tags and commands begin, and those that join the parts of an address."""
_OF_THE_WEB = re.compile(r"https?://[^\s\"<>]+", re.IGNORECASE)
_LONGEST_URL = 1_000


def harmless(text: str, limit: int = 300) -> str:
    """The text on one line, without control characters and cut to `limit` characters, with nothing to tap in it.

    Programs make links of addresses and names, and commands of words such as /pause. An invisible word joiner is put
    where one would begin. The result is plain text: whoever puts it into HTML escapes it.
    """
    text = " ".join(without_control(text).split())
    if len(text) > limit:
        text = text[: limit - 1].rstrip() + "…"
    return _TAPPABLE.sub(lambda found: found[0] + _JOINER, text)


def harmless_url(url: str) -> str | None:
    """An address of the web that a link may lead to; None for any other, such as `javascript:` and `tg:`."""
    url = without_control(url).strip()
    return url if len(url) <= _LONGEST_URL and _OF_THE_WEB.fullmatch(url) else None
