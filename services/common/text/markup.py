"""Splits a publisher's markup into the text that readers see and the text that is hidden from them.

News is scored by what people read. Text only for machines is not scored, whatever hides the text: an attribute, a
style of the element or of its class, or an element that is never shown.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import NamedTuple

from bs4 import BeautifulSoup
from bs4.element import CData, NavigableString, PageElement, Stylesheet, Tag
from bs4.exceptions import ParserRejectedMarkup

from services.common.text.style import MAX_DECLARATIONS, Look, look_within, rules_of

MAX_LAYERS = 3
"""The most levels of escaped markup within markup that are read, because feeds escape twice by mistake."""

_TAG = re.compile(r"<[a-zA-Z/!?]")
# A tag in unescaped text was escaped twice. Only names of elements count, because "x<y" is no tag.
_ELEMENTS = (
    "a|abbr|article|aside|audio|b|big|blockquote|body|br|center|cite|code|dd|del|details|dialog|div|dl|dt|em|embed|"
    "figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|label|li|link|main|mark|meta|nav|"
    "noscript|object|ol|p|pre|q|s|script|section|small|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|"
    "template|textarea|tfoot|th|thead|time|title|tr|tt|u|ul|video|wbr"
)
_ESCAPED_TAG = re.compile(rf"</?(?:{_ELEMENTS})(?:\s[^<>]*)?/?>|<!--", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?(?:-->|$)", re.DOTALL)
_WHOLE_TAG = re.compile(r"<[^<>]*>")
# Text of two blocks must not run together; text around <b> or <a> must.
_BLOCK_BORDER = re.compile(
    r"<(?=/?(?:p|div|br|hr|li|ul|ol|dl|dt|dd|h[1-6]|tr|td|th|table|blockquote|figure|figcaption|section|article"
    r"|header|footer|aside|nav|pre|img)\b)",
    re.IGNORECASE,
)
# Not shown, but no attempt to hide: parts of pages, and replacements for media that cannot be played.
_NOT_TEXT = frozenset(
    {
        "script",
        "style",
        "template",
        "noscript",
        "iframe",
        "object",
        "svg",
        "form",
        "button",
        "title",
        "head",
        "noframes",
    }
    | {"noembed", "canvas", "audio", "video", "select", "datalist", "textarea", "applet", "map", "rp"}
    | {"progress", "meter", "annotation", "annotation-xml"}
)


class Seen(NamedTuple):
    """The text of a piece of markup, with its white space.

    Attributes:
        text: the text that readers see.
        hidden: the text that readers do not see.
    """

    text: str
    hidden: str = ""


def is_markup(text: str) -> bool:
    """Whether a text may have tags or entities, so that `seen_in` has to read it."""
    return "<" in text or "&" in text


def seen_in(markup: str) -> Seen:
    """Return the visible and the hidden text of HTML or plain text. Scripts and comments count as neither.

    Entities are resolved. Markup that was escaped too often by mistake is read as the markup that was meant.
    """
    seen = _read(markup) if _TAG.search(markup) else Seen(html.unescape(markup))
    hidden = seen.hidden
    for _ in range(MAX_LAYERS):
        text = html.unescape(seen.text)
        if not _ESCAPED_TAG.search(text):
            break
        seen = _read(text)
        hidden = f"{hidden} {seen.hidden}".strip()
    return Seen(seen.text, hidden)


def _read(markup: str) -> Seen:
    try:
        soup = BeautifulSoup(
            _BLOCK_BORDER.sub(" <", _well_ended(markup)),
            "html.parser",
            on_duplicate_attribute=_both,
            multi_valued_attributes=None,
        )
    except ParserRejectedMarkup:
        return Seen(html.unescape(_WHOLE_TAG.sub(" ", markup)))
    parts: tuple[list[str], list[str]] = ([], [])
    for text, is_seen in _texts(soup, _rules(soup)):
        parts[is_seen].append(text)
    hidden, seen = map("".join, parts)
    return Seen(seen, " ".join(hidden.split()))


def _well_ended(markup: str) -> str:
    """Return the markup without comments, and with each "<" that no ">" follows escaped.

    The parser would search the whole rest of the text for the end of each such tag. As in browsers, a comment without
    an end extends to the end of the text.
    """
    markup = _COMMENT.sub("", markup)
    end = markup.rfind(">") + 1
    return markup[:end] + markup[end:].replace("<", "&lt;")


def _both(attributes: MutableMapping[str, str], name: str, value: str) -> None:
    # Browsers use the first of two equal attributes. Two styles are joined, so that the one that hides counts.
    if name == "style" and len(attributes[name]) < MAX_DECLARATIONS:
        attributes[name] = f"{attributes[name]};{value}"


def _texts(soup: BeautifulSoup, rules: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """Yield each text of the document, and whether readers see it. Scripts, comments and the like are left out."""
    looks: dict[int, Look | None] = {id(soup): Look()}
    node: PageElement
    for node in soup.descendants:
        around = looks[id(node.parent)]
        if isinstance(node, Tag):
            looks[id(node)] = None if around is None or node.name in _NOT_TEXT else _look(node, around, rules)
        elif around is not None and type(node) in {NavigableString, CData}:
            yield str(node), around.is_seen


def _look(element: Tag, around: Look, rules: Mapping[str, str]) -> Look:
    given = element.attrs
    if around.is_hidden:
        return around
    if element.name == "dialog" and "open" not in given:
        return Look(is_hidden=True)
    if "hidden" in given or "popover" in given:
        return Look(is_hidden=True)
    if not given and element.name not in rules:
        return around
    declarations = [
        rules.get(key, "")
        for key in (
            element.name,
            f"#{given.get('id', '')}".lower(),
            *(f".{name}" for name in str(given.get("class", "")).lower().split()),
        )
    ]
    # Attributes of old HTML, which every declaration overrides.
    declarations[:0] = [
        f"{name}:{given[attribute]}"
        for attribute, name in (("color", "color"), ("bgcolor", "background"))
        if attribute in given
    ]
    declarations.append(str(given.get("style", "")))
    return look_within(around, ";".join(declarations))


def _rules(soup: BeautifulSoup) -> dict[str, str]:
    """Return the declarations of the style sheets in the markup, as `rules_of` does."""
    sheets = [each for each in soup.descendants if isinstance(each, Stylesheet)]
    return rules_of("".join(sheets)) if sheets else {}
