"""Export: the CSV holds what the strategy was given, at the time at which it was given."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
import redis
from cryptoboy_sentiment import decode_member, read_signals_csv, signals_frame

from services.common.errors import StopProgram, TryLater
from services.common.messages import SentimentSignal
from services.common.settings.settings import Settings
from services.common.store.keys import signals_key
from services.common.store.redis.store import RedisStore
from services.common.values import label_of
from services.research.history.scoring import exporting
from services.research.history.scoring.exporting import export_signals
from services.research.history.validation.validating import validate

pytestmark = pytest.mark.integration

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAIRS = ("BTC/USDT", "ETH/USDT")


def signal(number: int, pair: str) -> SentimentSignal:
    published = NOW - timedelta(minutes=30 - number % 20)
    score = (number % 19 - 9) / 10
    return SentimentSignal(
        article_id=f"a{number}",
        pair=pair,
        source="wire",
        headline=f'Bitcoin "moves", {number}',
        sentiment_score=score,
        sentiment_label=label_of(score),
        published=published,
        analyzed_at=published,
        model="m",
        confidence=0.25,
    )


@pytest.fixture
def filled(redis_settings: Settings) -> Settings:
    """Two pairs, many signals available in one millisecond, and one article corrected."""
    store = RedisStore(redis_settings)
    for minute in range(3):
        numbers = range(minute * 20, minute * 20 + 20)
        signals = [signal(number, pair) for number in numbers for pair in PAIRS]
        store.write(signals, NOW + timedelta(minutes=minute))
    store.write([signal(3, PAIRS[0]).model_copy(update={"revision": 1})], NOW + timedelta(minutes=9))
    store.close()
    return redis_settings


def members(settings: Settings, pair: str) -> list[bytes]:
    with redis.Redis(settings.redis_host, settings.redis_port) as client:
        return list(cast("list[bytes]", client.zrange(signals_key(pair), 0, -1)))


@pytest.mark.parametrize("page", [1_000, 7])
def test_the_file_holds_exactly_the_signals_that_the_strategy_would_load(
    filled: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(exporting, "PAGE", page)
    out = tmp_path / "signals.csv.gz"
    report = export_signals(filled, PAIRS, out)
    frame = read_signals_csv(out)
    live = signals_frame(decode_member(each, pair) for pair in PAIRS for each in members(filled, pair))
    key = ["pair", "article_id", "revision"]
    assert (
        frame.sort_values(key, ignore_index=True)
        .sort_index(axis=1)
        .equals(live.sort_values(key, ignore_index=True).sort_index(axis=1))
    )
    assert report.signals == {"BTC/USDT": 61, "ETH/USDT": 60}
    corrected = frame[(frame["article_id"] == "a3") & (frame["pair"] == PAIRS[0])]
    assert list(zip(corrected["revision"], corrected["available_at"], strict=True)) == [
        (0, NOW),
        (1, NOW + timedelta(minutes=9)),
    ]
    found = validate(None, out, timeframe=None, staleness=timedelta(hours=4), now=NOW + timedelta(hours=1))
    assert found.as_json()["errors"] == []
    order = list(
        zip(frame["available_at"], frame["published"], frame["article_id"], frame["pair"], strict=True)
    )
    assert order == sorted(order)


def test_entries_that_are_no_signals_are_left_out_and_counted(filled: Settings, tmp_path: Path) -> None:
    with redis.Redis(filled.redis_host, filled.redis_port) as client:
        client.zadd(signals_key("BTC/USDT"), {b"not json": NOW.timestamp() * 1000})
    report = export_signals(filled, PAIRS, tmp_path / "s.csv")
    assert report.unreadable == {"BTC/USDT": 1}
    assert "not JSON" in report.problems["BTC/USDT"]
    with (tmp_path / "s.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 121


def test_nothing_to_export_leaves_no_file(redis_settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(StopProgram, match="has no signals of BTC/USDT"):
        export_signals(redis_settings, ["BTC/USDT"], tmp_path / "s.csv")
    assert not list(tmp_path.glob("s.csv*"))


def test_a_store_that_is_away_leaves_no_file(tmp_path: Path) -> None:
    settings = Settings(redis_host="127.0.0.1", redis_port=1, state_dir=tmp_path)
    with pytest.raises(TryLater, match="cannot be used now"):
        export_signals(settings, PAIRS, tmp_path / "s.csv")
    assert not list(tmp_path.glob("s.csv*"))
