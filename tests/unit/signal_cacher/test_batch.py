from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from services.signal_cacher.batch import sort_out
from tests.support.pipeline.cacher_fakes import delivery_of
from tests.support.store.store_samples import NOW, make_signal


def body(**changes: Any) -> bytes:
    fields = json.loads(make_signal().encode())
    return json.dumps(fields | changes).encode()


def test_signals_and_their_deliveries_stay_together() -> None:
    bodies = [make_signal("a").encode(), b"{}", make_signal("b").encode()]
    deliveries = [delivery_of(each) for each in bodies]
    batch = sort_out(deliveries, NOW)
    assert batch.accepted == (deliveries[0], deliveries[2])
    assert [signal.article_id for signal in batch.signals] == ["a", "b"]
    assert [delivery for delivery, _ in batch.rejected] == [deliveries[1]]


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (b"", "JSON"),
        (b"not json", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[]", "object"),
        (body(type="news_article"), "type"),
        (body(sentiment_score=1.5), "sentiment_score"),
        (body(sentiment_score=float("nan")), "sentiment_score"),
        (body(sentiment_label="bearish"), "sentiment_label"),
        (body(pair="btc-usdt"), "pair"),
        (body(pair="../x"), "pair"),
        (body(published="2026-03-01"), "published"),
        (body(event_type=1), "event_type"),
        (b" " * (1024 * 1024 + 1), "limit"),
    ],
)
def test_what_is_no_signal_is_rejected_with_the_reason(bad: bytes, told: str) -> None:
    ((_, reason),) = sort_out([delivery_of(bad)], NOW).rejected
    assert told in reason


@pytest.mark.parametrize(("seconds_ahead", "accepted"), [(300, 1), (301, 0)])
def test_a_signal_from_the_future_is_rejected_beyond_what_clocks_differ(
    seconds_ahead: int, accepted: int
) -> None:
    published = NOW + timedelta(seconds=seconds_ahead)
    ahead = make_signal(published=published, analyzed_at=published)
    batch = sort_out([delivery_of(ahead.encode())], NOW)
    assert len(batch.signals) == accepted
    assert all("in the future" in reason for _, reason in batch.rejected)
