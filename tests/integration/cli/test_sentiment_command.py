"""`./cryptoboy sentiment`: the newest signal and the aggregate, as the strategy finds them in the store."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from services.common.messages import SentimentSignal
from services.common.settings.folders import PYTHON_PATH
from services.common.settings.settings import Settings
from services.common.store.open import open_store
from services.common.values import Label, Scope
from tests.support.commands import answer, printed

pytestmark = pytest.mark.integration

PAIR = "BTC/USDT"
PAIRS = (PAIR, "ETH/USDT")


def written(article: str, score: float, label: Label, minutes_ago: float, now: datetime) -> SentimentSignal:
    published = now - timedelta(minutes=minutes_ago)
    return SentimentSignal(
        article_id=article,
        pair=PAIR,
        source="the-ledger",
        headline=f"What {article} reports",
        sentiment_score=score,
        sentiment_label=label,
        published=published,
        analyzed_at=published,
        model="lexicon",
        confidence=1.0,
        scope=Scope.ASSET,
        degraded=False,
    )


def as_a_process(settings: Settings, *pairs: str) -> str:
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": PYTHON_PATH, **settings.environment()}
    command = [sys.executable, "-P", "-m", "services.cli", "sentiment", *pairs]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    return ran.stdout


def test_the_aggregate_stands_beside_the_newest_signal(redis_settings: Settings) -> None:
    store = open_store(redis_settings)
    now = datetime.now(UTC)
    older = written("a1", 0.2, Label.NEUTRAL, 121, now)
    newer = written("a2", 0.8, Label.VERY_BULLISH, 1, now)
    store.write([older, newer], now)
    store.close()

    found = answer(redis_settings, "sentiment", *PAIRS)
    row = found["pairs"][PAIR]
    assert (row["score"], row["state"], found["pairs"]["ETH/USDT"]) == (0.8, "fresh", None)
    aggregate = row["aggregate"]
    assert (aggregate["signals"], aggregate["state"]) == (2, "fresh")
    assert aggregate["score"] == pytest.approx((0.8 + 0.2 / 2) / 1.5, abs=1e-3)

    line, headline = [line for line in as_a_process(redis_settings, *PAIRS).splitlines() if PAIR in line]
    assert "+0.60 of 2" in line
    assert "+0.80" in line
    assert headline.strip() == f"{PAIR}: {newer.headline}"


def test_a_doubt_about_the_newest_signal_and_a_pair_that_nobody_scores_are_shown(
    redis_settings: Settings,
) -> None:
    with closing(open_store(redis_settings)) as store:
        now = datetime.now(UTC)
        doubtful = written("a2", 0.9, Label.VERY_BULLISH, 1, now).model_copy(update={"suspected": True})
        store.write([doubtful], now)
        store.announce_scored_pairs({PAIR: None})
    text = printed(redis_settings, "sentiment", *PAIRS)
    assert "suspected" in text
    assert "Nobody scores ETH/USDT: neither pair nor asset is among the TRADING_PAIRS" in text
    assert answer(redis_settings, "sentiment", *PAIRS)["unscored"] == ["ETH/USDT"]


def test_a_pair_is_shown_with_the_news_of_its_asset(redis_settings: Settings) -> None:
    with closing(open_store(redis_settings)) as store:
        now = datetime.now(UTC)
        signal = written("a2", 0.8, Label.VERY_BULLISH, 1, now).model_copy(update={"pair": "SOL"})
        store.write([signal], now)
        store.announce_scored_pairs({"SOL": None})
    pairs = ("SOL/USDC", "SOL")
    assert "SOL/USDC (news of SOL)" in printed(redis_settings, "sentiment", *pairs)
    found = answer(redis_settings, "sentiment", *pairs)
    assert found["unscored"] == []
    served, own = found["pairs"]["SOL/USDC"], found["pairs"]["SOL"]
    assert (served["score"], served["served_by"], served["aggregate"]) == (0.8, "SOL", own["aggregate"])
    assert own["aggregate"]["signals"] == 1
