"""The sentiment of pairs in a real Redis, as the strategy finds it there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from services.common.messages import SentimentSignal
from services.common.settings.settings import Settings
from services.common.store.keys import current_key
from services.common.store.open import open_store
from services.common.store.port import SentimentStore
from services.common.store.redis.client import redis_client
from services.common.values import Scope, label_of
from services.operations.sentiment import SentimentReport, read_sentiment

pytestmark = pytest.mark.integration

PAIR, OTHER = "BTC/USDT", "ETH/USDT"


@pytest.fixture
def store(redis_settings: Settings) -> Iterator[SentimentStore]:
    with closing(open_store(redis_settings)) as opened:
        yield opened


def signal(article: str, score: float, minutes_ago: float, **more: object) -> SentimentSignal:
    published = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return SentimentSignal(
        article_id=article,
        pair=PAIR,
        source="the-ledger",
        headline=f"What {article} reports",
        sentiment_score=score,
        sentiment_label=label_of(score),
        published=published,
        analyzed_at=published,
        model="lexicon",
        confidence=1.0,
        scope=Scope.ASSET,
        degraded=False,
    ).model_copy(update=more)


def read(store: SentimentStore, settings: Settings) -> SentimentReport:
    return read_sentiment(store, settings, (PAIR, OTHER), datetime.now(UTC))


@pytest.mark.parametrize(
    ("doubt", "state"), [({"suspected": True}, "suspected"), ({"weight": 0.0}, "weight 0")]
)
def test_a_signal_that_nobody_trades_on_says_why_and_stands_only_where_there_is_no_other(
    store: SentimentStore, redis_settings: Settings, doubt: dict[str, object], state: str
) -> None:
    store.write([signal("a2", 0.9, 1, **doubt)], datetime.now(UTC))
    row = read(store, redis_settings).pairs[PAIR]
    assert row is not None
    assert (row.score, row.state, row.aggregate.state) == (0.9, state, "doubtful")

    store.write([signal("a1", -0.8, 60)], datetime.now(UTC))
    row = read(store, redis_settings).pairs[PAIR]
    assert row is not None
    assert (row.score, row.state, row.aggregate.score) == (-0.8, "fresh", -0.8)


def test_a_pair_that_nobody_scores_is_told_from_one_without_news(
    store: SentimentStore, redis_settings: Settings
) -> None:
    assert read(store, redis_settings).unscored == ()
    store.announce_scored_pairs({PAIR: None})
    report = read(store, redis_settings)
    assert (report.unscored, report.pairs) == ((OTHER,), {PAIR: None, OTHER: None})


def test_a_hash_as_the_specification_has_it_is_read_and_one_that_cannot_be_read_is_none(
    store: SentimentStore, redis_settings: Settings
) -> None:
    written = {
        "score": "0.85",
        "label": "very_bullish",
        "timestamp": (datetime.now(UTC) - timedelta(hours=1)).replace(tzinfo=None).isoformat(),
        "headline": "Bitcoin Breaks New...",
        "source": "coindesk",
        "article_id": "a1b2c3d4e5f6...",
    }
    with redis_client(redis_settings, decode_responses=True) as client:
        client.hset(current_key(PAIR), mapping=written)
        client.hset(current_key(OTHER), mapping={"score": "high"})
    pairs = read(store, redis_settings).pairs
    row = pairs[PAIR]
    assert row is not None
    assert (row.score, row.state, row.headline, pairs[OTHER]) == (
        0.85,
        "fresh",
        "Bitcoin Breaks New...",
        None,
    )
    assert row.age_hours == pytest.approx(1, abs=0.1)
