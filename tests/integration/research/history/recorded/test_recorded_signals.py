"""What was recorded of the store is, as a sentiment CSV, what the store itself gives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
import redis

from services.common.history.from_messages import signal_row
from services.common.history.open import open_reader
from services.common.history.port import Batch, HistoryReader, HistoryWriter
from services.common.history.queries import SignalFilter
from services.common.history.writing import open_history
from services.common.messages import SentimentSignal, decode
from services.common.settings.settings import Settings
from services.common.store.keys import signals_key
from services.common.store.redis.store import RedisStore
from services.common.values import EventType, label_of
from services.research.history.recorded.signals import export_recorded
from services.research.history.scoring.exporting import export_signals

pytestmark = pytest.mark.integration

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAIRS = ("BTC/USDT", "ETH/USDT", "SOL")


def signal(number: int, pair: str, *, ahead: timedelta = timedelta()) -> SentimentSignal:
    """A signal; `ahead` is by how much the clock of the scorer is ahead."""
    published = NOW - timedelta(minutes=30 - number % 20, microseconds=number) + ahead
    score = (number % 19 - 9) / 10
    return SentimentSignal(
        article_id=f"a{number}",
        pair=pair,
        source="wire",
        headline=f'=Bitcoin "moves", {number}',
        sentiment_score=score,
        sentiment_label=label_of(score),
        published=published,
        analyzed_at=published,
        model="m",
        confidence=0.25,
        corroboration=number % 3,
        degraded=number % 2 == 0,
        event_type=EventType.HACK,
        owner="house",
        weight=0.5,
    )


@pytest.fixture
def writer(redis_settings: Settings) -> Iterator[HistoryWriter]:
    with closing(open_history(redis_settings)) as opened:
        yield opened


@pytest.fixture
def reader(redis_settings: Settings) -> Iterator[HistoryReader]:
    with closing(open_reader(redis_settings)) as opened:
        yield opened


def recorded(settings: Settings, writer: HistoryWriter) -> None:
    """Record all that the store has, in another order than that of the file."""
    with redis.Redis(settings.redis_host, settings.redis_port) as client:
        for pair in reversed(PAIRS):
            members = cast("list[bytes]", client.zrange(signals_key(pair), 0, -1))
            rows = [signal_row(decode(each, SentimentSignal), NOW) for each in reversed(members)]
            writer.write(Batch(signals=rows))


def test_the_file_is_byte_for_byte_that_of_the_store(
    redis_settings: Settings, writer: HistoryWriter, reader: HistoryReader, tmp_path: Path
) -> None:
    store = RedisStore(redis_settings)
    for minute in range(3):
        numbers = range(minute * 20, minute * 20 + 20)
        store.write([signal(n, pair) for n in numbers for pair in PAIRS], NOW + timedelta(minutes=minute))
    store.write([signal(3, PAIRS[0]).model_copy(update={"revision": 1})], NOW + timedelta(minutes=9))
    store.write([signal(70, PAIRS[0], ahead=timedelta(minutes=22))], NOW)  # within what clocks may differ
    store.close()
    recorded(redis_settings, writer)

    live = export_signals(redis_settings, PAIRS, tmp_path / "live.csv")
    kept = export_recorded(reader, SignalFilter(), tmp_path / "kept.csv")

    assert (tmp_path / "kept.csv").read_bytes() == (tmp_path / "live.csv").read_bytes()
    assert live.signals.total() == 3 * 60 + 2
    assert (kept.signals, kept.available_from, kept.available_until) == (
        live.signals,
        live.available_from,
        live.available_until,
    )


def test_what_the_strategy_refuses_is_left_out_and_counted(
    redis_settings: Settings, writer: HistoryWriter, reader: HistoryReader, tmp_path: Path
) -> None:
    store = RedisStore(redis_settings)
    store.write([signal(1, PAIRS[0]), signal(2, PAIRS[0], ahead=timedelta(hours=2))], NOW)
    store.close()
    recorded(redis_settings, writer)
    live = export_signals(redis_settings, PAIRS, tmp_path / "live.csv")
    kept = export_recorded(reader, SignalFilter(), tmp_path / "kept.csv")
    assert (kept.signals, kept.unreadable) == (live.signals, live.unreadable)
    assert kept.unreadable == {PAIRS[0]: 1}
    assert (tmp_path / "kept.csv").read_bytes() == (tmp_path / "live.csv").read_bytes()
