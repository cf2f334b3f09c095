"""What the newest signal of a pair is worth to the strategy, by the fields of its hash."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.operations.sentiment import Aggregate, pair_sentiment

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
STALENESS = timedelta(hours=4)
AGGREGATE = Aggregate(0.6, 1.5, 2, "fresh")
FIELDS = {
    "score": "0.85",
    "label": "very_bullish",
    "timestamp": "2026-11-01T11:00:00",
    "headline": "Bitcoin rises",
    "source": "the-ledger",
    "article_id": "a1",
}


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, "fresh"),
        ({"published": "2026-11-01T07:59:00+00:00"}, "stale"),
        ({"suspected": "true"}, "suspected"),
        ({"suspected": "false", "weight": "0.0"}, "weight 0"),
        ({"suspected": "true", "published": "2026-11-01T07:59:00+00:00"}, "stale"),
    ],
)
def test_a_signal_that_the_strategy_does_not_trade_on_says_why(changed: dict[str, str], state: str) -> None:
    found = pair_sentiment(FIELDS | changed, AGGREGATE, NOW, STALENESS, served_by="BTC/USDT")
    assert found is not None
    assert found.state == state


def test_a_time_without_an_offset_is_utc() -> None:
    found = pair_sentiment(FIELDS, AGGREGATE, NOW, STALENESS, served_by="BTC/USDT")
    assert found is not None
    assert found.age_hours == 1.0


@pytest.mark.parametrize(
    "fields",
    [None, {}, {"score": "high"}, FIELDS | {"score": "nan"}, FIELDS | {"timestamp": "today"}],
)
def test_a_hash_that_cannot_be_read_is_no_signal(fields: dict[str, str] | None) -> None:
    assert pair_sentiment(fields, AGGREGATE, NOW, STALENESS, served_by="BTC/USDT") is None


def test_as_json_it_has_every_field_of_the_hash_and_numbers_as_numbers() -> None:
    found = pair_sentiment(FIELDS | {"model": "lexicon"}, AGGREGATE, NOW, STALENESS, served_by="BTC/USDT")
    assert found is not None
    assert found.as_json() == {
        **FIELDS,
        "model": "lexicon",
        "score": 0.85,
        "served_by": "BTC/USDT",
        "age_hours": 1.0,
        "state": "fresh",
        "aggregate": {"score": 0.6, "weight": 1.5, "signals": 2, "state": "fresh"},
    }
