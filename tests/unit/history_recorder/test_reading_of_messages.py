from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.common.history.rows import ArticleRow, CandleRow, ScoringRow
from services.common.message_fields import Message
from services.common.messages import CandleData, MarketData, NewsArticle, NewsScored
from services.history_recorder.reading import Unreadable, read

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
ARTICLE = NewsArticle(
    article_id="a1", source="coindesk", title="Rates are cut", link="", published=NOW, fetched_at=NOW
)
SCORED = NewsScored(article_id="a1", outcome="scored", scored_at=NOW)
CANDLE = MarketData(
    source="binance",
    symbol="BTC/USDT",
    timeframe="15m",
    timestamp=NOW - timedelta(minutes=15),
    timestamp_ms=int((NOW - timedelta(minutes=15)).timestamp() * 1000),
    data=CandleData(open=1, high=2, low=1, close=2, volume=3),
    collected_at=NOW,
)


def rewritten(message: Message, **fields: Any) -> bytes:
    content = json.loads(message.encode()) | fields
    return json.dumps({name: value for name, value in content.items() if value is not None}).encode()


@pytest.mark.parametrize(
    ("message", "kind"), [(ARTICLE, ArticleRow), (SCORED, ScoringRow), (CANDLE, CandleRow)]
)
@pytest.mark.parametrize("again", [{}, {"type": None}, {"added_later": {"type": "market_data"}}])
def test_each_kind_of_message_becomes_its_row(
    message: Message, kind: type[object], again: dict[str, Any]
) -> None:
    assert isinstance(read(message.encode(), NOW), kind)
    assert isinstance(read(rewritten(message, **again), NOW), kind)


@pytest.mark.parametrize("story", ["s" * 129, "no id"])
def test_a_story_that_is_no_id_of_an_article_is_not_recorded(story: str) -> None:
    found = read(rewritten(SCORED, story=story), NOW)
    assert isinstance(found, Unreadable)
    assert "story" in found.reason


def test_a_message_is_recognised_wherever_its_type_stands() -> None:
    content = json.loads(SCORED.encode())
    content["type"] = content.pop("type")
    assert isinstance(read(json.dumps(content, indent=1).encode(), NOW), ScoringRow)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"not json", "not a valid NewsArticle"),
        (b"[" * 100_000, "not a valid NewsArticle"),
        (b'"text"', "not a valid NewsArticle"),
        (b"\xff\xfe", "not a valid NewsArticle"),
        (b'{"type": "brief"}', "messages of the type 'brief' are not recorded"),
        (b'{"type": "news_scored"}', "not a valid NewsScored: article_id"),
    ],
)
def test_what_cannot_be_read_is_told_and_never_raises(body: bytes, reason: str) -> None:
    found = read(body, NOW)
    assert isinstance(found, Unreadable)
    assert reason in found.reason
