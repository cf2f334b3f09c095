from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from services.signal_cacher.reading import SignalDelivery, Unreadable, read
from tests.support.pipeline.cacher_fakes import delivery_of
from tests.support.store.store_samples import NOW, make_signal


def body(**changes: Any) -> bytes:
    fields = json.loads(make_signal().encode())
    return json.dumps(fields | changes).encode()


def test_a_signal_is_read_with_its_delivery() -> None:
    delivery = delivery_of(make_signal("a").encode())
    found = read(delivery, NOW)
    assert isinstance(found, SignalDelivery)
    assert (found.delivery, found.signal.article_id) == (delivery, "a")


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
    found = read(delivery_of(bad), NOW)
    assert isinstance(found, Unreadable)
    assert told in found.reason


@pytest.mark.parametrize(("seconds_ahead", "kind"), [(300, SignalDelivery), (301, Unreadable)])
def test_a_signal_from_the_future_is_rejected_beyond_what_clocks_differ(
    seconds_ahead: int, kind: type[SignalDelivery | Unreadable]
) -> None:
    published = NOW + timedelta(seconds=seconds_ahead)
    ahead = make_signal(published=published, analyzed_at=published)
    found = read(delivery_of(ahead.encode()), NOW)
    assert type(found) is kind
    assert isinstance(found, SignalDelivery) or "in the future" in found.reason
