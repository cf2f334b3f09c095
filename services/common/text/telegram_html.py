"""Makes texts for Telegram's HTML parse mode. Texts from outside, such as headlines, become HTML only in `plain`."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from services.common.text.harmless import harmless, harmless_url

MOST = 4096
"""The most UTF-16 units of one message."""
_PROGRAM = "./cryptoboy"
_MADE_HARMLESS = re.compile("\\./\u2060?cryptoboy")
CUT_HINT = "… cut: ask for less, such as one pair."


def plain(text: str, limit: int = 300) -> str:
    """Any text as HTML on one line, harmless as `harmless` says, and cut to `limit` characters."""
    return with_command_lines(html.escape(harmless(text, limit), quote=False))


def with_command_lines(markup: str) -> str:
    """The HTML with `./cryptoboy` as code, of which Telegram makes no command of a chat, and which can be copied."""
    return _MADE_HARMLESS.sub(f"<code>{_PROGRAM}</code>", markup)


def bold(markup: str) -> str:
    """HTML in bold."""
    return f"<b>{markup}</b>"


def link(label: str, address: str) -> str:
    """A link to a page of the web; of any other address only the label, which is HTML."""
    url = harmless_url(address)
    return label if url is None else f'<a href="{html.escape(url)}">{label}</a>'


def fitted(lines: Iterable[str], hint: str = CUT_HINT) -> str:
    """As many of the lines as fit into one message; if some are left out, the hint follows.

    Args:
        lines: HTML, each line with its own opening and closing tags.
        hint: HTML.
    """
    lines = list(lines)
    whole = "\n".join(lines)
    if units(whole) <= MOST:
        return whole
    kept: list[str] = []
    room = MOST - units(hint)
    for line in lines:
        room -= units(line) + 1
        if room < 0:
            break
        kept.append(line)
    return "\n".join([*kept, hint])


def units(text: str) -> int:
    """The number of UTF-16 units of a text, in which Telegram counts."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2
