"""Writes a document as plain text, as an HTML page for mail and files, and as messages of Telegram."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator

from services.common.text.harmless import harmless_url
from services.common.text.telegram_html import MOST, bold, link, units, with_command_lines
from services.operations.briefs.document import Document, Line, Span

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:1.5rem auto;padding:0 1rem;color:#1d2129;"
    "background:#fff}h1{font-size:1.5rem}h2{font-size:1.1rem;margin:1.4rem 0 .3rem}ul{margin:0;padding-left:1.2rem}"
    "li{margin:.25rem 0}.soft{color:#59616f;font-size:.9rem}a{color:#0b57a4}"
)


def text(document: Document) -> str:
    """The document as plain text; a link's address follows it in brackets."""
    blocks = [document.title, document.lead]
    for section in document.sections:
        rows = [f"- {''.join(map(_text_of, row))}" for row in section.lines]
        blocks.append("\n".join([section.title, *rows]))
    return "\n\n".join([*blocks, document.foot]) + "\n"


def page(document: Document) -> str:
    """The document as an HTML page without scripts, for a mail or a file."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(document.title)}</title><style>{_STYLE}</style></head><body>\n"
        f"<h1>{html.escape(document.title)}</h1>\n<p>{html.escape(document.lead)}</p>\n"
        f"{''.join(_sections(document))}"
        f'<p class="soft">{html.escape(document.foot)}</p>\n</body></html>\n'
    )


def telegram(document: Document) -> tuple[str, ...]:
    """The document as messages in Telegram's HTML parse mode, each within the limit of a message."""
    rows = [bold(_escaped(document.title)), _escaped(document.lead)]
    for section in document.sections:
        rows += ["", bold(_escaped(section.title))]
        rows += [f"• {''.join(_spans(row, link))}" for row in section.lines]
    return tuple(_messages([*rows, "", _escaped(document.foot)]))


def _text_of(span: Span) -> str:
    return f"{span.text} ({span.url})" if span.url else span.text


def _sections(document: Document) -> Iterator[str]:
    for section in document.sections:
        rows = "".join(f"<li>{''.join(_spans(row, _link))}</li>\n" for row in section.lines)
        yield f"<h2>{html.escape(section.title)}</h2>\n<ul>\n{rows}</ul>\n"


def _spans(row: Line, linked: Callable[[str, str], str]) -> Iterator[str]:
    for span in row:
        markup = with_command_lines(_escaped(span.text))
        if span.url:
            markup = linked(markup, span.url)
        yield bold(markup) if span.is_strong else markup


def _link(label: str, url: str) -> str:
    if harmless_url(url) is None:
        return label
    return f'<a href="{html.escape(url)}" rel="noreferrer noopener nofollow">{label}</a>'


def _escaped(plain: str) -> str:
    return html.escape(plain, quote=False)


def _messages(rows: Iterable[str]) -> Iterator[str]:
    """Put rows together into messages; every row has its own tags, so a message may end after any of them."""
    held: list[str] = []
    length = 0
    for row in rows:
        if held and length + units(row) + 1 > MOST:
            yield "\n".join(held)
            held, length = [], 0
        if held or row:
            held.append(row)
            length += units(row) + 1
    if held:
        yield "\n".join(held)
