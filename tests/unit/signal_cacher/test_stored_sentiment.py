from __future__ import annotations

import math
import time
from datetime import datetime

import pytest
from prometheus_client import REGISTRY

from services.common.errors import TryLater
from services.signal_cacher.stored import LOOK_SECONDS, StoredSentiment
from tests.support.pipeline.cacher_fakes import FakeStore

PUBLISHED = "2026-04-02T20:12:00+00:00"


def exported(name: str, pair: str) -> float:
    value = REGISTRY.get_sample_value(name, {"pair": pair})
    assert value is not None
    return value


def published(pair: str) -> float:
    return exported("cryptoboy_sentiment_published_timestamp_seconds", pair)


def test_each_pair_shows_what_the_store_holds_of_it() -> None:
    store = FakeStore(
        sentiment={"A/USDT": {"published": PUBLISHED, "score": "-0.61"}, "B/USDT": {"published": "soon"}}
    )
    StoredSentiment(store, ["A/USDT", "B/USDT", "C/USDT"]).look(0.0)
    assert published("A/USDT") == datetime.fromisoformat(PUBLISHED).timestamp()
    assert exported("cryptoboy_sentiment_score", "A/USDT") == -0.61
    assert (published("B/USDT"), published("C/USDT")) == (0.0, 0.0)
    assert math.isnan(exported("cryptoboy_sentiment_score", "C/USDT"))


def test_what_left_the_store_is_gone_at_the_next_look_and_looks_are_seldom() -> None:
    store = FakeStore(sentiment={"D/USDT": {"published": PUBLISHED, "score": "0.5"}})
    stored = StoredSentiment(store, ["D/USDT"])
    stored.look(100.0)
    store.sentiment.clear()
    stored.look(100.0 + LOOK_SECONDS / 2)
    assert published("D/USDT") > 0
    stored.look(100.0 + LOOK_SECONDS)
    assert published("D/USDT") == 0


def test_a_store_that_is_away_leaves_what_was_seen_last() -> None:
    store = FakeStore(sentiment={"E/USDT": {"published": PUBLISHED, "score": "0.5"}})
    stored = StoredSentiment(store, ["E/USDT"])
    stored.look(0.0)
    store.failures.append(TryLater("away"))
    with pytest.raises(TryLater):
        stored.look(LOOK_SECONDS)
    assert published("E/USDT") > 0


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_a_hash_as_the_specification_has_it_is_read_with_its_time_in_utc(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    written = {"score": "0.85", "label": "very_bullish", "timestamp": "2026-04-02T20:12:00"}
    StoredSentiment(FakeStore(sentiment={"F/USDT": written}), ["F/USDT"]).look(0.0)
    monkeypatch.undo()
    time.tzset()
    assert published("F/USDT") == datetime.fromisoformat(PUBLISHED).timestamp()
