"""A publisher, or whoever may put messages into a queue, writes characters into a text that steer the terminal of its
reader, show it another order, or cannot be encoded. They must be gone before anything is stored, and no message may be
lost over them."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.common.errors import NeverWorks
from services.common.message_fields import Message
from services.common.messages import NewsArticle, SentimentSignal, decode
from services.data_ingestor.news.rss.fetch import Fetched
from services.data_ingestor.news.rss.parse import parse_feed
from services.data_ingestor.news.seen.seen import SeenArticles
from services.data_ingestor.news.select import select
from services.sentiment_analyzer.article.hostile import Suspicion
from services.sentiment_analyzer.article.text import text_of
from tests.support.news.news_samples import NOW, Item, rss

ARTICLE: dict[str, Any] = {
    "type": "news_article",
    "article_id": "a1",
    "source": "paper",
    "title": "Bitcoin climbs",
    "link": "https://paper.example/1",
    "summary": "In short.",
    "content": "At length.",
    "published": "2026-03-02T10:00:00",
    "fetched_at": "2026-03-02T10:05:00",
}
SIGNAL: dict[str, Any] = {
    "type": "sentiment_signal",
    "article_id": "a1",
    "pair": "BTC/USDT",
    "source": "paper",
    "headline": "Bitcoin climbs",
    "sentiment_score": 0.8,
    "sentiment_label": "very_bullish",
    "published": "2026-03-02T10:00:00",
    "analyzed_at": "2026-03-02T10:05:00",
    "model": "lexicon",
    "rationale": "It climbs.",
}
TEXTS = [
    *((NewsArticle, ARTICLE, field) for field in ("title", "link", "summary", "content")),
    *((SentimentSignal, SIGNAL, field) for field in ("headline", "model", "rationale")),
]
ATTACKS = {
    "colours": "up\x1b[31m\x1b[2J\x1b[Hdown",
    "title of the window": "up\x1b]0;owned\x07down",
    "clipboard": "up\x1b]52;c;cm0gLXJm\x1b\\down",
    "C1": "up\x9b31m\x9d0;owned\x9c\x85down",
    "backspace": "up\x08\x08\x7fdown",
    "NUL": "up\x00down",
    "override": "up\u202enwod\u202c down",
    "isolate": "up\u2067nwod\u2069 down",
    "separators": "up\u2028\u2029down",
    "surrogates": "up\ud83d\udc00\udfffdown\ud800",
    "carriage return": "Bitcoin falls\rup down",
}
FORBIDDEN = {chr(code) for code in (*range(32), *range(0x7F, 0xA0), *range(0xD800, 0xE000))} | set(
    "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def body(fields: dict[str, Any], *, escaped: bool) -> bytes:
    return json.dumps(fields, ensure_ascii=escaped).encode(errors="surrogatepass")


@pytest.mark.parametrize("escaped", [True, False], ids=["escaped", "as bytes"])
@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize(
    ("model", "fields", "field"), TEXTS, ids=[f"{each[0].__name__}.{each[2]}" for each in TEXTS]
)
def test_a_text_that_is_read_is_clean_and_nothing_is_lost(
    model: type[Message], fields: dict[str, Any], field: str, attack: str, escaped: bool
) -> None:
    message = decode(body({**fields, field: ATTACKS[attack]}, escaped=escaped), model)
    kept = {"\n"} if field in {"summary", "content"} else set()
    text = getattr(message, field)
    assert not set(text) & (FORBIDDEN - kept)
    assert text.startswith("up") or attack == "carriage return"
    assert "down" in text
    assert "owned" not in text
    assert decode(message.encode(), model) == message


def test_control_characters_that_are_not_escaped_are_no_reason_to_lose_a_message() -> None:
    raw = body(ARTICLE, escaped=True).replace(b"Bitcoin climbs", b"Bitcoin\x1b[1m\x01 climbs\x07")
    assert decode(raw, NewsArticle).title == "Bitcoin climbs"


def test_tabs_and_newlines_stay_in_a_content_and_become_spaces_in_a_headline() -> None:
    article = decode(
        body({**ARTICLE, "title": "Bitcoin\nclimbs", "content": "a\tb\nc\r\nd"}, escaped=True), NewsArticle
    )
    assert (article.title, article.content) == ("Bitcoin climbs", "a\tb\nc\nd")


def test_a_title_of_nothing_else_is_a_missing_title() -> None:
    with pytest.raises(NeverWorks, match="title"):
        decode(body({**ARTICLE, "title": "\x1b[31m\u202e"}, escaped=True), NewsArticle)


def test_that_a_text_was_shown_in_another_order_is_still_suspected() -> None:
    article = decode(body({**ARTICLE, "summary": ATTACKS["override"]}, escaped=True), NewsArticle)
    assert Suspicion.HIDDEN_TEXT in text_of(article).suspicions
    assert text_of(decode(body(ARTICLE, escaped=True), NewsArticle)).suspicions == frozenset()


def test_a_lone_surrogate_in_what_we_write_can_be_encoded_and_stored() -> None:
    signal = decode(body(SIGNAL, escaped=True), SentimentSignal)
    written = SentimentSignal(**{**signal.model_dump(), "headline": "up\ud83d", "rationale": "\udc00"})
    stored = sqlite3.connect(":memory:").execute("SELECT ?", (written.headline,)).fetchone()[0]
    assert decode(written.encode(), SentimentSignal).headline == stored == "up"


def test_a_feed_leads_to_clean_messages_whatever_is_in_it(tmp_path: Path) -> None:
    dirty = "".join(f"&#{code};" for code in (0x9B, 0x202E, 0x2028, 0x85, 0x200B, 0xD83D))
    xml = rss(
        [
            Item(
                title="Bitcoin TITLE climbs",
                description="TITLE <b>up</b>",
                content="TITLE",
                link="https://paper.example/1",
            )
        ]
    )
    entries = parse_feed(
        Fetched(xml.replace(b"TITLE", dirty.encode()), "text/xml", "https://paper.example/")
    ).entries
    (article,) = select(
        entries, "paper", known=(), fetched_at=NOW, max_age=NOW - datetime(2020, 1, 1, tzinfo=UTC)
    ).articles
    seen = SeenArticles(tmp_path / "seen.sqlite3")
    seen.note([article], [], "paper", NOW)
    (waiting,) = seen.waiting(1)
    seen.close()
    stored = json.loads(waiting.body)
    for field in ("title", "summary", "content", "link"):
        assert not set(stored[field]) & FORBIDDEN
    assert stored["title"].startswith("Bitcoin")
    assert stored["title"].endswith("climbs")
