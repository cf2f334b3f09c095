from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.common.errors import NeverWorks
from services.common.message_fields import Message
from services.common.messages import (
    MAX_BODY_BYTES,
    MarketData,
    NewsArticle,
    NewsScored,
    SentimentSignal,
    decode,
)
from services.common.values import EventType

SIGNAL: dict[str, Any] = {
    "type": "sentiment_signal",
    "article_id": "a1b2c3",
    "pair": "BTC/USDT",
    "source": "coindesk",
    "headline": "A headline",
    "sentiment_score": 0.85,
    "sentiment_label": "very_bullish",
    "published": "2025-10-29T10:00:00+00:00",
    "analyzed_at": "2025-10-29T10:05:30+00:00",
    "model": "mistral:7b",
}
ARTICLE: dict[str, Any] = {
    "type": "news_article",
    "article_id": "a1b2c3",
    "source": "coindesk",
    "title": "A title",
    "link": "https://news.invalid/1",
    "published": "2025-10-29T10:00:00+00:00",
    "fetched_at": "2025-10-29T10:05:00+00:00",
}
CANDLE: dict[str, Any] = {
    "type": "market_data",
    "source": "binance_websocket",
    "symbol": "BTC/USDT",
    "timeframe": "1m",
    "timestamp": "2025-10-29T12:34:00+00:00",
    "timestamp_ms": 1761741240000,
    "data": {"open": 2.0, "high": 4.0, "low": 1.0, "close": 3.0, "volume": 0.0},
    "collected_at": "2025-10-29T12:35:01+00:00",
}
RESULT: dict[str, Any] = {
    "type": "news_scored",
    "article_id": "a1",
    "outcome": "scored",
    "reason": "",
    "story": "a1",
    "suspicions": ["role_mark"],
    "receipt": {
        "model": "mistral:7b",
        "digest": "sha256:12",
        "prompt_version": 3,
        "answer": '{"BTC": 0.8}',
        "tokens": 312,
        "latency": 1.25,
    },
    "scored_at": "2025-10-29T10:05:30+00:00",
}


def body(fields: dict[str, Any], **changes: Any) -> bytes:
    return json.dumps({**fields, **changes}).encode()


@pytest.mark.parametrize(
    ("fields", "model"),
    [(SIGNAL, SentimentSignal), (ARTICLE, NewsArticle), (CANDLE, MarketData), (RESULT, NewsScored)],
)
def test_a_message_with_only_the_specified_fields_is_read_and_written_back_the_same(
    fields: dict[str, Any], model: type[Message]
) -> None:
    message = decode(body(fields), model)
    assert decode(message.encode(), model) == message
    written = json.loads(message.encode())
    assert fields.items() <= written.items()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"sentiment_score": float("nan")}, "sentiment_score"),
        ({"sentiment_score": float("inf")}, "sentiment_score"),
        ({"sentiment_score": 1.01, "sentiment_label": "very_bullish"}, "sentiment_score"),
        ({"sentiment_score": -1.01, "sentiment_label": "very_bearish"}, "sentiment_score"),
        ({"sentiment_score": "0.85"}, "sentiment_score"),
        ({"sentiment_label": "bearish"}, "sentiment_label"),
        ({"pair": "btc-usdt"}, "pair"),
        ({"pair": "../x"}, "pair"),
        ({"published": "2025-10-29"}, "published"),
        ({"published": "29 Oct 2025 10:00"}, "published"),
        ({"published": 1761732000}, "published"),
        ({"published": "2025-10-29T11:00:00"}, "published must not be later"),
        ({"published": "2025-10-29T11:00:00+00:00"}, "published must not be later"),
        ({"type": "news_article"}, "type"),
        ({"confidence": 1.5}, "confidence"),
        ({"scope": "galaxy"}, "scope"),
        ({"revision": -1}, "revision"),
        ({"event_type": 7}, "event_type"),
        ({"article_id": "a b"}, "article_id: has characters that are not allowed there"),
    ],
)
def test_a_signal_that_is_not_as_it_should_be_is_refused_by_name(change: dict[str, Any], named: str) -> None:
    with pytest.raises(NeverWorks, match=named):
        decode(body(SIGNAL, **change), SentimentSignal)


@pytest.mark.parametrize("missing", [name for name in SIGNAL if name != "type"])
def test_no_specified_field_of_a_signal_may_be_missing(missing: str) -> None:
    with pytest.raises(NeverWorks, match=missing):
        decode(body({name: value for name, value in SIGNAL.items() if name != missing}), SentimentSignal)


@pytest.mark.parametrize("raw", [b"", b"hello", b"[]", b"null", b"{", b"\xff\xfe", b'"text"', b"1"])
def test_what_is_not_a_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(NeverWorks, match="not a valid NewsArticle"):
        decode(raw, NewsArticle)


def test_a_body_over_the_limit_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(NeverWorks, match="over the limit"):
        decode(body(ARTICLE, content="x" * MAX_BODY_BYTES), NewsArticle)


def test_an_article_cannot_be_published_after_it_was_fetched() -> None:
    with pytest.raises(NeverWorks, match="published must not be later than fetched_at"):
        decode(body(ARTICLE, published="2025-10-29T10:05:01+00:00"), NewsArticle)


@pytest.mark.parametrize("wrong", [{"high": 1.5}, {"low": 3.5}, {"open": 0.0}, {"volume": -1.0}])
def test_a_candle_must_make_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(NeverWorks, match="data"):
        decode(body(CANDLE, data={**CANDLE["data"], **wrong}), MarketData)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"outcome": ""}, "outcome"),
        ({"outcome": "not a word"}, "outcome"),
        ({"suspicions": ["<b>"]}, "suspicions.0"),
        ({"receipt": {**RESULT["receipt"], "tokens": -1}}, "receipt.tokens"),
        ({"receipt": {**RESULT["receipt"], "latency": float("nan")}}, "receipt.latency"),
    ],
)
def test_a_result_that_is_not_as_it_should_be_is_refused_by_name(change: dict[str, Any], named: str) -> None:
    with pytest.raises(NeverWorks, match=named):
        decode(body(RESULT, **change), NewsScored)


def test_a_result_of_a_newer_writer_is_read() -> None:
    newer = {**RESULT, "outcome": "translated", "receipt": {**RESULT["receipt"], "cost": 0.1}}
    assert decode(body(newer), NewsScored).outcome == "translated"


SPECIFIED: dict[type[Message], dict[str, Any]] = {
    MarketData: {
        "type": "market_data",
        "source": "binance_websocket",
        "symbol": "BTC/USDT",
        "timeframe": "1m",
        "timestamp": "2025-10-29T12:34:56",
        "timestamp_ms": 1730203496000,
        "data": {"open": 68500.0, "high": 68550.0, "low": 68480.0, "close": 68530.0, "volume": 125.5},
        "collected_at": "2025-10-29T12:34:57",
    },
    NewsArticle: {
        "type": "news_article",
        "article_id": "a1b2c3d4e5f6...",
        "source": "coindesk",
        "title": "Bitcoin Breaks New All-Time High",
        "link": "https://...",
        "summary": "Bitcoin reached a new...",
        "content": "Full article content...",
        "published": "2025-10-29T10:00:00",
        "fetched_at": "2025-10-29T10:05:00",
    },
    SentimentSignal: {
        "type": "sentiment_signal",
        "article_id": "a1b2c3d4e5f6...",
        "pair": "BTC/USDT",
        "source": "coindesk",
        "headline": "Bitcoin Breaks New All-Time High",
        "sentiment_score": 0.85,
        "sentiment_label": "very_bullish",
        "published": "2025-10-29T10:00:00",
        "analyzed_at": "2025-10-29T10:05:30",
        "model": "mistral:7b",
    },
}


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
@pytest.mark.parametrize("model", SPECIFIED)
def test_the_specifications_samples_are_read_and_written_with_utc(
    model: type[Message], zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    sample = SPECIFIED[model]
    written = json.loads(decode(body(sample), model).encode())
    monkeypatch.undo()
    time.tzset()
    for name, value in sample.items():
        is_time = name in {"timestamp", "collected_at", "published", "fetched_at", "analyzed_at"}
        assert written[name] == (f"{value}+00:00" if is_time else value)


@pytest.mark.parametrize(
    "text", ["2025-10-29T10:00:00", "2025-10-29 10:00", "2025-10-29T10:00:00.000", "2025-10-29T10:00:00Z"]
)
def test_a_time_that_is_read_without_an_offset_is_utc(text: str) -> None:
    signal = decode(body(SIGNAL, published=text, available_at=text), SentimentSignal)
    assert signal.published == signal.available_at == datetime(2025, 10, 29, 10, tzinfo=UTC)


def test_what_a_newer_writer_adds_is_ignored_wherever_it_stands() -> None:
    candle = {**CANDLE, "data": {**CANDLE["data"], "trades": 7}, "new": {"deep": [1]}}
    assert decode(body(candle), MarketData) == decode(body(CANDLE), MarketData)
    assert decode(body(SIGNAL, event_type="airdrop"), SentimentSignal).event_type is EventType.OTHER
    assert decode(body(SIGNAL, event_type=None), SentimentSignal).event_type is EventType.OTHER
    assert decode(body(SIGNAL, event_type="hack"), SentimentSignal).event_type is EventType.HACK


@pytest.mark.parametrize("kind", ["delisting", "withdrawal_halt", "depeg", "enforcement"])
def test_a_reader_of_the_version_before_takes_a_new_kind_of_event_for_other(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    written = decode(body(SIGNAL, event_type=kind), SentimentSignal)
    assert written.event_type == kind
    known_then = frozenset(EventType) - {EventType(kind)}
    monkeypatch.setattr("services.common.message_fields._KINDS_OF_EVENTS", known_then)
    assert decode(written.encode(), SentimentSignal).event_type is EventType.OTHER


@pytest.mark.parametrize(
    "change",
    [{"surprise": 1}, {"published": datetime(2025, 10, 29, 10)}, {"event_type": "airdrop"}],  # noqa: DTZ001 - to be refused
)
def test_what_we_write_has_offsets_and_no_field_or_event_that_is_unknown(change: dict[str, Any]) -> None:
    fields = decode(body(SIGNAL), SentimentSignal).model_dump()
    SentimentSignal(**fields)
    with pytest.raises(ValidationError, match=next(iter(change))):
        SentimentSignal(**{**fields, **change})


def test_times_are_written_in_utc_whatever_the_offset_they_came_with() -> None:
    signal = decode(body(SIGNAL, published="2025-10-29T12:00:00+02:00"), SentimentSignal)
    assert json.loads(signal.encode())["published"] == "2025-10-29T10:00:00+00:00"


def test_a_message_cannot_be_changed() -> None:
    signal = decode(body(SIGNAL), SentimentSignal)
    with pytest.raises(ValidationError, match="frozen"):
        signal.sentiment_score = 0.1  # type: ignore[misc]  # that it is refused is the point


def test_a_refusal_does_not_repeat_the_whole_message() -> None:
    with pytest.raises(NeverWorks) as caught:
        decode(body(SIGNAL, headline="h" * 100_000), SentimentSignal)
    assert len(str(caught.value)) < 1000


@settings(max_examples=300)
@given(
    st.one_of(
        st.binary(max_size=400),
        st.recursive(st.none() | st.floats() | st.text(), st.lists).map(lambda v: json.dumps(v).encode()),
    )
)
def test_no_body_makes_the_decoder_raise_anything_but_its_own_error(raw: bytes) -> None:
    for model in (SentimentSignal, NewsArticle, MarketData, NewsScored):
        with pytest.raises(NeverWorks):
            decode(raw, model)
