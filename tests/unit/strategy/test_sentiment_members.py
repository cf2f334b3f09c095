"""What is read from the store, whoever wrote it."""

from __future__ import annotations

import json
import math
from datetime import UTC
from typing import Any

import cryptoboy_sentiment as news
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.strategy.strategy_samples import message, signal

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.just(2**63),
    st.floats(),
    st.text(max_size=3),
    st.sampled_from(
        ["asset", "market", "neutral", "0.5", "true", "2025-06-02T12:00:00", "2025-06-02T14:00:00+02:00"]
    ),
    st.lists(st.integers(), max_size=1),
)


def usual() -> dict[str, Any]:
    return dict(json.loads(message(signal(score=0.5), weight=1.5, corroboration=2)))


@settings(max_examples=400, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(usual())), ODD, max_size=2),
    st.sets(st.sampled_from(sorted(usual())), max_size=1),
)
def test_whatever_a_message_says_it_is_refused_or_a_signal_within_its_ranges(
    changed: dict[str, Any], missing: set[str]
) -> None:
    fields = {name: value for name, value in (usual() | changed).items() if name not in missing}
    try:
        read = news.decode_member(json.dumps(fields).encode(), "BTC/USDT")
    except news.SignalError:
        return
    assert [type(value) for value in read] == [type(value) for value in signal()]
    assert -1 <= read.score <= 1
    assert 0 <= read.confidence <= 1
    assert 0 <= read.weight < math.inf
    assert 0 <= read.corroboration < math.inf
    assert 0 <= read.revision < 2**63
    assert read.label in news.LABELS
    assert read.scope in {"asset", "market"}
    assert read.published <= read.available_at
    assert read.available_at.tzinfo is UTC
    assert all(text.strip() for text in (read.pair, read.article_id, read.model))


@pytest.mark.parametrize("body", [b"{", b"[" * 5000, b'{"pair": "BTC/USDT", "headline": "\\ud800"}', b"\xff"])
def test_what_is_no_json_is_no_signal(body: bytes) -> None:
    with pytest.raises(news.SignalError, match="not JSON"):
        news.decode_member(body, "BTC/USDT")


def test_a_member_with_only_what_the_specification_names_is_read_with_times_in_utc() -> None:
    member = {
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
        "available_at": "2025-10-29T10:05:31.5",
        "event_type": "airdrop",
        "something": {"new": 1},
    }
    read = news.decode_member(json.dumps(member).encode(), "BTC/USDT")
    assert read.published.isoformat() == "2025-10-29T10:00:00+00:00"
    assert read.available_at.isoformat() == "2025-10-29T10:05:31.500000+00:00"
    assert (read.scope, read.degraded, read.confidence, read.revision) == ("asset", False, 0.5, 0)


@pytest.mark.parametrize(
    "change", [{"available_at": "2025-10-29"}, {"published": None}, {"available_at": None}]
)
def test_a_member_without_the_time_of_day_is_no_signal(change: dict[str, Any]) -> None:
    with pytest.raises(news.SignalError, match=next(iter(change))):
        news.decode_member(json.dumps(usual() | change).encode(), str(usual()["pair"]))
