"""The checks that every input of the parsers must pass, whoever wrote the input.

Each check takes any bytes and returns if the parser behaves as documented. It raises `BrokenPromiseError` if a result
is not what the parser promises. Any exception that the parser promises not to raise passes through the check.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from functools import cache

from services.common.errors import NeverWorks
from services.common.message_fields import Message
from services.common.messages import MarketData, NewsArticle, SentimentSignal, decode
from services.data_ingestor.news.port import MAX_CONTENT, MAX_ENTRIES, MAX_SUMMARY, MAX_TITLE, Entry
from services.data_ingestor.news.rss.fetch import Fetched
from services.data_ingestor.news.rss.parse import parse_feed
from services.data_ingestor.news.select import select
from services.data_ingestor.news.urls import MAX_URL_LENGTH
from services.sentiment_analyzer.matching.assets import Asset, load_registry
from services.sentiment_analyzer.scorers.model.answer import MAX_RATIONALE_CHARS, BadAnswerError, read_answer

MODELS: tuple[type[Message], ...] = (MarketData, NewsArticle, SentimentSignal)
MAX_REFUSAL = 2_000
"""The maximum number of characters of a refusal, limited because it is logged and stored with the dead letter."""
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CONTENT_TYPES = (
    "application/rss+xml",
    "",
    "text/html; charset=utf-8",
    "application/xml; charset=utf-16",
    "text/xml; charset=iso-8859-1",
    "application/atom+xml; charset=no-such",
    "application/json",
)


class BrokenPromiseError(AssertionError):
    """A parser returned or reported something that it promises not to."""


def check_message(data: bytes) -> None:
    """Check that a body is briefly refused as NeverWorks, or is a message that stays equal if encoded and decoded."""
    for model in MODELS:
        try:
            message = decode(data, model)
        except NeverWorks as error:
            _in_few_words(error)
            continue
        if decode(message.encode(), model) != message:
            raise BrokenPromiseError(f"a {model.__name__} is another one after being written and read")


def check_feed(data: bytes) -> None:
    """Check that a feed is refused as NeverWorks, or has entries within the limits that make valid articles."""
    content_type = CONTENT_TYPES[zlib.crc32(data) % len(CONTENT_TYPES)]
    try:
        feed = parse_feed(Fetched(data, content_type, "https://paper.example/feed"))
    except NeverWorks as error:
        _in_few_words(error)
        return
    if len(feed.entries) > MAX_ENTRIES or len(feed.warning) > MAX_REFUSAL:
        raise BrokenPromiseError("more entries, or a longer warning, than there may be")
    for entry in feed.entries:
        _entry_in_bounds(entry)
    selection = select(
        feed.entries, "paper", known=frozenset(), fetched_at=NOW, max_age=timedelta(days=100_000)
    )
    if len(selection.articles) + sum(selection.skipped.values()) != len(feed.entries):
        raise BrokenPromiseError("an entry is neither published nor skipped")
    for article in selection.articles:
        if decode(article.encode(), NewsArticle) != article:
            raise BrokenPromiseError("an article is another one after being written and read")


def check_answer(data: bytes) -> None:
    """Check that an answer is refused as BadAnswerError, or gives scores in range for the requested assets only."""
    printed = data.decode(errors="surrogateescape")
    for assets in (_assets()[:1], _assets()):
        try:
            scores = read_answer(printed, assets)
        except BadAnswerError as error:
            _in_few_words(error)
            continue
        if not scores.keys() <= {asset.ticker for asset in assets}:
            raise BrokenPromiseError("a score for an asset that was not asked about")
        for score in scores.values():
            in_range = -1 <= score.score <= 1 and 0 < score.confidence <= 1
            if not in_range or len(score.rationale) > MAX_RATIONALE_CHARS:
                raise BrokenPromiseError(f"a score out of bounds: {score}")
            score.rationale.encode()  # must not raise: a message contains it


def _in_few_words(refusal: Exception) -> None:
    text = str(refusal)
    if not 0 < len(text) <= MAX_REFUSAL:
        raise BrokenPromiseError(f"a refusal of {len(text)} characters")


def _entry_in_bounds(entry: Entry) -> None:
    bounds = (
        (entry.title, MAX_TITLE),
        (entry.summary, MAX_SUMMARY),
        (entry.content, MAX_CONTENT),
        (entry.link, MAX_URL_LENGTH),
    )
    for text, limit in bounds:
        if len(text) > limit or not text.isprintable():
            raise BrokenPromiseError(f"a text that is too long or not printable: {text[:200]!r}")


@cache
def _assets() -> tuple[Asset, ...]:
    registry = load_registry()
    return (registry.asset("BTC"), registry.asset("ETH"))
