"""What the services write to the store is what the strategy reads from it, real Redis or embedded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import cryptoboy_sentiment as news
import numpy as np
import pytest
from pydantic import SecretStr

from services.common.messages import SentimentSignal
from services.common.settings.settings import Settings
from services.common.store.open import open_store
from services.common.store.port import SentimentStore
from services.common.values import EventType, Label, Scope
from tests.support.servers.servers import RedisServer
from tests.support.store.embedded_redis import by_port, embedded_redis
from tests.support.strategy.strategy_samples import PAIR, QUARTER, at, opens, strategy_client

NOW = at(0)
WRITTEN = SentimentSignal(
    article_id="a1b2c3",
    pair=PAIR,
    source="the-ledger",
    headline='Exchange says "more", ₿ rises',
    sentiment_score=0.85,
    sentiment_label=Label.VERY_BULLISH,
    published=at(-10),
    analyzed_at=at(-1),
    model="lexicon",
    confidence=0.4,
    scope=Scope.MARKET,
    degraded=True,
    owner="digital-group",
    suspected=True,
    event_type=EventType.DEPEG,
)


@pytest.fixture(params=["real", "embedded"])
def settings(request: pytest.FixtureRequest) -> Iterator[Settings]:
    if request.param == "real":
        server: RedisServer = request.getfixturevalue("redis_server")
        password = SecretStr(server.password) if server.password else None
        yield Settings(redis_host=server.host, redis_port=server.port, redis_password=password)
    else:
        with embedded_redis() as embedded:
            yield by_port(embedded)


@pytest.fixture
def store(settings: Settings) -> Iterator[SentimentStore]:
    opened = open_store(settings)
    yield opened
    opened.close()


@pytest.fixture
def source(settings: Settings) -> Iterator[news.RedisSignals]:
    password = settings.redis_password.get_secret_value() if settings.redis_password else None
    with strategy_client(settings.redis_host, settings.redis_port, password) as client:
        # A machine with much to do must not make the store unreadable.
        yield news.RedisSignals(client, window=timedelta(hours=48), patience_s=60.0)


def seen(source: news.RedisSignals, now: datetime) -> list[dict[str, object]]:
    source.refresh([PAIR], now)
    assert source.readable(PAIR)
    return [
        {str(name): value for name, value in row.items()} for row in source.signals(PAIR).to_dict("records")
    ]


def test_the_strategy_reads_every_field_as_it_was_written(
    store: SentimentStore, source: news.RedisSignals
) -> None:
    store.write([WRITTEN], NOW)
    assert seen(source, NOW) == [
        {
            "available_at": NOW,
            "published": at(-10),
            "pair": PAIR,
            "score": 0.85,
            "label": "very_bullish",
            "confidence": 0.4,
            "scope": "market",
            "degraded": True,
            "weight": 1.0,
            "corroboration": 0.0,
            "article_id": "a1b2c3",
            "revision": 0,
            "source": "the-ledger",
            "headline": 'Exchange says "more", ₿ rises',
            "model": "lexicon",
            "owner": "digital-group",
            "suspected": True,
            "event_type": "depeg",
        }
    ]
    assert source.invalid == 0


def test_a_correction_reaches_a_strategy_that_is_running(
    store: SentimentStore, source: news.RedisSignals
) -> None:
    store.write([WRITTEN], NOW)
    assert [row["score"] for row in seen(source, NOW)] == [0.85]
    changes = {"revision": 1, "sentiment_score": -0.85, "sentiment_label": Label.VERY_BEARISH}
    store.write([WRITTEN.model_copy(update=changes)], at(5))
    found = [(row["revision"], row["score"], row["available_at"]) for row in seen(source, at(5))]
    assert sorted(found) == [(0, 0.85, NOW), (1, -0.85, at(5))]


@pytest.mark.parametrize("first_look", [0, 16])
def test_a_correction_after_a_close_leaves_that_candle_what_it_knew(
    store: SentimentStore, source: news.RedisSignals, first_look: int
) -> None:
    """Both candles are judged after the correction, by a bot that knew the first revision and by one that starts."""
    trusted = {"degraded": False, "suspected": False}
    told = WRITTEN.model_copy(update={"published": at(-1), "scope": Scope.ASSET, **trusted})
    store.write([told], NOW)
    seen(source, at(first_look))
    changes = {"revision": 1, "sentiment_score": -0.9, "sentiment_label": Label.VERY_BEARISH}
    store.write([told.model_copy(update=changes)], at(15) + timedelta(seconds=1))
    source.refresh([PAIR], at(16))
    signals, candles = source.signals(PAIR), opens(-15, 0, 15)
    assert news.as_of(signals, candles, QUARTER)["sentiment"].tolist() == pytest.approx(
        [np.nan, 0.85, -0.9], nan_ok=True
    )
    aggregate = news.aggregate_as_of(signals, candles, QUARTER)
    assert aggregate["sentiment_aggregate"].tolist() == pytest.approx([np.nan, 0.85, -0.9], nan_ok=True)
    assert aggregate["sentiment_aggregate_signals"].tolist() == [0, 1, 1]


def test_a_lower_revision_that_comes_late_changes_no_candle(
    store: SentimentStore, source: news.RedisSignals
) -> None:
    told = WRITTEN.model_copy(update={"published": at(-1), "degraded": False, "revision": 1})
    store.write([told], NOW)
    before = seen(source, NOW)
    changes = {"revision": 0, "sentiment_score": -0.9, "sentiment_label": Label.VERY_BEARISH}
    store.write([told.model_copy(update=changes)], at(1))
    assert seen(source, at(2)) == before


def test_the_strategy_knows_which_pairs_are_scored(store: SentimentStore, source: news.RedisSignals) -> None:
    source.refresh([PAIR], NOW)
    assert source.scored is None
    store.announce_scored_pairs({PAIR: None, "SOL/USDT": NOW})
    source.refresh([PAIR], NOW)
    assert source.scored == frozenset({PAIR, "SOL/USDT"})
    assert source.readable(PAIR)
