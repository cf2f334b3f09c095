"""Turns an article into the text that the scorers and the matcher read.

The text is cleaned, limited in length and on one line. Because news is untrusted, control characters, invisible
characters and characters that reorder text are removed before any other code reads the text. No scorer and no matcher
needs these characters.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Protocol

from services.common.publishers import without_source
from services.common.text.hidden_text import hides_words
from services.common.text.markup import is_markup, seen_in
from services.sentiment_analyzer.article.hostile import Suspicion, disarm, hidden_text

MAX_TITLE_CHARS = 300
MAX_BODY_CHARS = 1_500

# Categories Cc (except white space), Cf, Co, Cs, and the variation selectors.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ud800-\uf8ff\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)


@dataclass(frozen=True, slots=True)
class ArticleText:
    """The headline and the beginning of an article, both cleaned and limited in length. The body may be empty.

    Attributes:
        article_id: the id under which the receipts of the article's scores are found; empty if it is unknown.
        suspicions: the kinds of content that were found in the article and removed because they were meant to steer a
            language model.
    """

    title: str
    body: str = ""
    article_id: str = ""
    suspicions: frozenset[Suspicion] = frozenset()


class Written(Protocol):
    """What an article is, as a message or as a row of the history: the fields of `NewsArticle` with these names."""

    @property
    def article_id(self) -> str: ...  # noqa: D102 - see NewsArticle, as the others
    @property
    def source(self) -> str: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def summary(self) -> str: ...  # noqa: D102
    @property
    def content(self) -> str: ...  # noqa: D102
    @property
    def hidden_text(self) -> bool: ...  # noqa: D102


def text_of(article: Written) -> ArticleText:
    """Make the text of an article.

    The headline is the title without the publisher. The body is the summary followed by the content, or the content
    alone if it begins with the summary.
    """
    suspicions = {Suspicion.HIDDEN_TEXT} if article.hidden_text else set[Suspicion]()
    headline = _disarmed(article.title, MAX_TITLE_CHARS, suspicions)
    title = without_source(headline, article.source)
    summary = _disarmed(article.summary, MAX_BODY_CHARS, suspicions, headline)
    content = _disarmed(article.content, MAX_BODY_CHARS, suspicions, headline)
    repeats = content.startswith(summary.rstrip(". \u2026"))
    body = content if repeats else f"{summary} {content}"[:MAX_BODY_CHARS].rstrip()
    return ArticleText(title, body, article.article_id, frozenset(suspicions))


def _disarmed(raw: str, limit: int, suspicions: set[Suspicion], headline: str = "") -> str:
    if not raw:
        return ""
    raw = raw[: limit * 4]
    if is_markup(raw):  # articles of our poller have none; other publishers may send any
        cut, found = disarm(clean(raw, len(raw)))
        # Some role marks look like tags: if they were removed as tags, the text after them would stay.
        if Suspicion.ROLE_MARK in found:
            raw = cut
            suspicions |= found
        raw, hidden = seen_in(raw)
        suspicions |= {Suspicion.HIDDEN_TEXT} if hides_words(hidden, f"{headline} {raw}") else set()
    suspicions |= hidden_text(raw)
    text, found = disarm(clean(raw, limit))
    suspicions |= found
    return text


def clean(text: str, limit: int) -> str:
    """Clean a text and cut it to `limit` characters.

    Control, invisible and reordering characters are removed, compatibility forms are folded (NFKC), and each run of
    white space becomes one space.
    """
    text = text[: limit * 4]  # bounds the work on a text of a megabyte, with room for what is removed
    text = _visible(text)
    if not text.isascii():
        text = _visible(unicodedata.normalize("NFKC", text))
    return " ".join(text.split())[:limit].rstrip()


def _visible(text: str) -> str:
    return text if text.isascii() and text.isprintable() else _INVISIBLE.sub("", text)
