"""The moods of a brief are those of the page Now, which reads the store."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.common.history.from_messages import signal_row
from services.common.history.open import open_reader
from services.common.history.port import Batch
from services.common.history.writing import open_history
from services.common.messages import SentimentSignal
from services.common.settings.settings import Settings
from services.common.store.open import open_store
from services.common.values import Label, Scope
from services.operations.briefs.moods import read_moods
from services.operations.sentiment import mood_of, read_sentiment

pytestmark = pytest.mark.integration


def signal(article: str, pair: str, score: float, minutes_ago: float, now: datetime) -> SentimentSignal:
    published = now - timedelta(minutes=minutes_ago)
    return SentimentSignal(
        article_id=article,
        pair=pair,
        source=f"wire-{article}",
        headline=article,
        sentiment_score=score,
        sentiment_label=Label.BULLISH if score > 0 else Label.BEARISH,
        published=published,
        analyzed_at=published,
        model="lexicon",
        confidence=0.9,
        scope=Scope.ASSET,
        degraded=False,
    )


def test_the_moods_of_store_and_history_are_those_of_the_page(
    redis_settings: Settings, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    settings = redis_settings.changed(state_dir=tmp_path, trading_pairs=("BTC/USDT", "ETH/USDT", "BNB/USDT"))
    signals = [
        signal("a", "BTC/USDT", 0.6, 20, now),
        signal("b", "BTC/USDT", -0.4, 90, now),
        signal("c", "ETH/USDT", -0.5, 10, now),
    ]
    with closing(open_store(settings)) as store, closing(open_history(settings)) as writer:
        store.write(signals, now)
        writer.write(
            Batch(
                signals=[signal_row(each.model_copy(update={"available_at": now}), now) for each in signals]
            )
        )
        later = now + timedelta(seconds=1)
        with closing(open_reader(settings)) as history:
            shown = read_sentiment(store, settings, settings.trading_pairs, later).pairs
            of_store = read_moods(history, store, settings, now - timedelta(days=1), later)
            of_history = read_moods(history, None, settings, now - timedelta(days=1), later)
            with closing(open_store(settings.changed(redis_port=1))) as away:
                assert read_moods(history, away, settings, now - timedelta(days=1), later) == of_history
    page = {pair: mood_of(found) if found else None for pair, found in shown.items()}
    assert (of_store.of_store, of_history.of_store) == (True, False)
    assert {each.pair: each.mood for each in of_store.pairs} == page
    assert {each.pair: each.mood for each in of_history.pairs} == pytest.approx(page, abs=1e-4)
    assert page["BNB/USDT"] is None
    assert page["ETH/USDT"] == pytest.approx(-0.5)
