"""The pairs that the news speaks most of, from a real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.common.errors import TryLater
from services.common.messages import SentimentSignal
from services.common.settings.settings import Settings
from services.common.store.open import open_store
from services.common.store.port import SentimentStore
from services.common.values import EventType, Scope, label_of
from services.operations.other_programs.pairlist import Pairlist, Talk, most_talked_about

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC)
SCORED = {"BTC/USDT": None, "ETH/USDT": None, "SOL": None, "OLD/USDT": NOW - timedelta(days=1)}


@pytest.fixture
def store(redis_settings: Settings) -> Iterator[SentimentStore]:
    with closing(open_store(redis_settings)) as opened:
        opened.announce_scored_pairs(SCORED)
        yield opened


def signal(article: str, pair: str, source: str, hours_ago: float = 1, **more: object) -> SentimentSignal:
    published = NOW - timedelta(hours=hours_ago)
    return SentimentSignal(
        article_id=article,
        pair=pair,
        source=source,
        headline=f"What {article} reports",
        sentiment_score=0.5,
        sentiment_label=label_of(0.5),
        published=published,
        analyzed_at=published,
        model="lexicon",
        confidence=1.0,
        scope=Scope.ASSET,
        degraded=False,
    ).model_copy(update=more)


def ranked(store: SentimentStore, settings: Settings, **changes: Any) -> Pairlist:
    return most_talked_about(store, settings, NOW, **{"limit": 10, "hours": 24, **changes})


def test_pairs_are_ranked_by_owners_of_sources_before_articles(
    store: SentimentStore, redis_settings: Settings
) -> None:
    flood = [signal(f"b{number}", "BTC/USDT", f"feed-{number}", owner="one-group") for number in range(9)]
    two = [signal("e1", "ETH/USDT", "the-ledger"), signal("e2", "ETH/USDT", "coin-post")]
    store.write([*flood, *two, signal("o1", "OLD/USDT", "the-ledger")], NOW)
    found = ranked(store, redis_settings)
    assert found.talks == (Talk("ETH/USDT", 2, 2), Talk("BTC/USDT", 1, 9))
    assert found.as_json()["pairs"] == ["ETH/USDT", "BTC/USDT"]
    assert ranked(store, redis_settings, limit=1).talks == (Talk("ETH/USDT", 2, 2),)


@pytest.mark.parametrize(
    "more",
    [
        {"suspected": True},
        {"weight": 0.0},
        {"scope": Scope.MARKET},
        {"hours_ago": 25},
    ],
    ids=str,
)
def test_doubtful_old_and_general_news_raises_no_pair(
    store: SentimentStore, redis_settings: Settings, more: dict[str, Any]
) -> None:
    store.write([signal("b1", "BTC/USDT", "the-ledger", **more)], NOW)
    assert ranked(store, redis_settings).talks == ()
    store.write([signal("b2", "BTC/USDT", "the-ledger")], NOW)
    assert ranked(store, redis_settings).talks == (Talk("BTC/USDT", 1, 1),)


def test_a_pair_in_stand_aside_is_left_out_and_named(store: SentimentStore, redis_settings: Settings) -> None:
    hacked = signal("b1", "BTC/USDT", "the-ledger", 23, event_type=EventType.HACK)
    store.write([hacked, signal("b2", "BTC/USDT", "coin-post"), signal("e1", "ETH/USDT", "coin-post")], NOW)
    found = ranked(store, redis_settings)
    assert [talk.pair for talk in found.talks] == ["ETH/USDT"]
    assert found.stand_aside == {"BTC/USDT": "hack"}


def test_pairs_of_another_currency_and_of_futures_are_those_of_the_same_assets(
    store: SentimentStore, redis_settings: Settings
) -> None:
    store.write([signal("b1", "BTC/USDT", "the-ledger"), signal("s1", "SOL", "the-ledger", 2)], NOW)
    assert [talk.pair for talk in ranked(store, redis_settings).talks] == ["BTC/USDT", "SOL/USDT"]
    of_futures = ranked(store, redis_settings, quote="USDC:USDC").talks
    assert [talk.pair for talk in of_futures] == ["BTC/USDC:USDC", "SOL/USDC:USDC"]


def test_a_store_that_is_away_gives_no_empty_list(redis_settings: Settings, store: SentimentStore) -> None:
    away = redis_settings.changed(redis_port=9)
    with pytest.raises(TryLater):
        most_talked_about(store, away, NOW, limit=10, hours=24)
