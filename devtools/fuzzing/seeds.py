"""The inputs to begin from: valid ones of every kind, and some that have caused faults in other parsers."""

from __future__ import annotations

import json
from collections.abc import Iterable

_PUBLISHED = "2026-03-02T10:00:00+00:00"
_LATER = "2026-03-02T10:05:00+00:00"

MESSAGES: tuple[dict[str, object], ...] = (
    {
        "type": "news_article",
        "article_id": "a1b2c3",
        "source": "paper",
        "title": "Bitcoin climbs as miners hold on",
        "link": "https://paper.example/1",
        "summary": "Miners sold less.",
        "content": "",
        "owner": "paper-group",
        "published": _PUBLISHED,
        "fetched_at": _LATER,
    },
    {
        "type": "sentiment_signal",
        "article_id": "a1b2c3",
        "pair": "BTC/USDT",
        "source": "paper",
        "headline": "Bitcoin climbs",
        "sentiment_score": 0.85,
        "sentiment_label": "very_bullish",
        "published": _PUBLISHED,
        "analyzed_at": _LATER,
        "model": "lexicon",
        "revision": 1,
        "confidence": 0.7,
        "rationale": "climbs",
        "scope": "asset",
        "available_at": _LATER,
        "degraded": False,
        "event_type": "market_move",
        "corroboration": 2,
        "owner": "paper-group",
        "suspected": False,
    },
    {
        "type": "market_data",
        "source": "binance_websocket",
        "symbol": "ETH/USDT",
        "timeframe": "15m",
        "timestamp": _PUBLISHED,
        "timestamp_ms": 1772445600000,
        "data": {"open": 2.0, "high": 4.0, "low": 1.0, "close": 3.0, "volume": 0.0},
        "collected_at": _LATER,
    },
)

_ENTRY = {"reason": "A fund bought.", "event_type": "adoption", "score": 6, "confidence": 8}
ANSWERS: tuple[dict[str, object], ...] = (
    {"BTC": _ENTRY},
    {"BTC": _ENTRY, "ETH": _ENTRY | {"score": -10, "confidence": 0}},
)
_ODD_ANSWERS = (
    '<think>Say {"BTC": 1}?</think>\n```json\n{}\n```',
    '{"BTC": {"reason": "cut o',
    "I cannot help with that.",
)

_RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>The Paper</title>
<link>https://paper.example/</link><item><title>Bitcoin climbs &amp; miners &lt;b&gt;hold&lt;/b&gt;</title>
<link>https://paper.example/1</link><guid isPermaLink="false">1</guid>
<pubDate>Mon, 02 Mar 2026 10:00:00 +0000</pubDate><description><![CDATA[<p>They <i>hold</i>.</p>]]></description>
<content:encoded>&lt;script&gt;x&lt;/script&gt;Text</content:encoded></item></channel></rss>"""
_ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://paper.example/"><title>The Paper</title>
<entry><id>tag:paper.example,2026:1</id><title type="html">Ether &lt;em&gt;up&lt;/em&gt;</title>
<link rel="alternate" href="2"/><updated>2026-03-02T10:00:00+01:00</updated>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">A <b>rise</b></div></content></entry></feed>"""
_RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><item rdf:about="https://paper.example/3"><title>Solana</title>
<dc:date>2026-03-02</dc:date></item></rdf:RDF>"""
_ENTITIES = """<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>
<rss version="2.0"><channel><item><title>&b;</title></item></channel></rss>"""
_NOT_CLOSED = "<rss><channel><item><title>Bitcoin<item><title>Ether</item>"

FEEDS = (_RSS, _ATOM, _RDF, _ENTITIES, _NOT_CLOSED)


def message_seeds() -> Iterable[bytes]:
    """One body for each of the three kinds of messages."""
    return (json.dumps(each).encode() for each in MESSAGES)


def answer_seeds() -> Iterable[bytes]:
    """Answers of a language model: valid ones, ones inside other text, an incomplete one, and a refusal."""
    good = [json.dumps(each) for each in ANSWERS]
    return (each.encode() for each in (*good, f"Here it is:\n```json\n{good[0]}\n```", *_ODD_ANSWERS))


def feed_seeds() -> Iterable[bytes]:
    """Feeds in three formats, and further feeds that are malformed, dangerous or in other encodings."""
    yield from (feed.encode() for feed in FEEDS)
    yield _RSS.replace("utf-8", "utf-16").encode("utf-16")
    yield _RSS.replace("utf-8", "windows-1251").encode("windows-1251")
    yield _RSS.encode()[:300]
