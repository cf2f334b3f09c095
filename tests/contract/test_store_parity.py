"""A bot that reads the store sees at every candle what a backtest of the exported signals sees there.

Corrections, repetitions and late signals fall between a candle's close and the bot's look at the store. A long
search: `PARITY_TIMELINES=5000 ./cryptoboy test tests/contract/test_store_parity.py --hypothesis-seed=1`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import cryptoboy_sentiment as news
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from services.common.settings.settings import Settings
from services.common.store.redis.client import redis_client
from services.common.store.redis.store import RedisStore
from services.research.history.scoring.exporting import export_signals
from services.research.sentiment_csv import read_sentiment_csv
from tests.support.store.embedded_redis import by_port, embedded_redis
from tests.support.store.store_timelines import CANDLES, Timeline, Written, timelines
from tests.support.strategy.strategy_samples import PAIR, QUARTER, at, opens, strategy_client

TIMELINES = int(os.environ.get("PARITY_TIMELINES", "0"))
pytestmark = pytest.mark.timeout(180 + TIMELINES)
SEARCH = settings(
    max_examples=TIMELINES or 100,
    derandomize=not TIMELINES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
OPENS = opens(*(15 * candle for candle in range(CANDLES)))


@pytest.fixture(scope="module")
def embedded() -> Iterator[Settings]:
    with embedded_redis() as server:
        yield by_port(server)


@pytest.fixture(params=["real", "embedded"])
def at_store(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "real":
        real: Settings = request.getfixturevalue("redis_settings")
        return real
    embedded: Settings = request.getfixturevalue("embedded")
    return embedded.changed(state_dir=tmp_path)


@SEARCH
@given(timeline=timelines())
def test_the_bot_sees_at_every_candle_what_a_backtest_of_the_export_sees(
    at_store: Settings, tmp_path: Path, timeline: Timeline
) -> None:
    with closing(redis_client(at_store)) as client:
        client.flushdb()
    decided = [columns(signals, candle) for candle, signals in decisions(at_store, timeline)]
    assert len(decided) == CANDLES
    export = tmp_path / "signals.csv"
    export_signals(at_store, [PAIR], export)
    assert not read_sentiment_csv(export).empty  # it is fit for a backtest
    history = columns(news.CsvSignals(export).signals(PAIR), CANDLES - 1)
    for candle, seen in enumerate(decided):
        pd.testing.assert_frame_equal(seen, history.head(candle + 1), check_exact=True)


def decisions(at_store: Settings, timeline: Timeline) -> Iterator[tuple[int, pd.DataFrame]]:
    """Each candle with what the bot knows of the pair when it decides on it; all of the timeline happens."""
    password = at_store.redis_password.get_secret_value() if at_store.redis_password else None
    with (
        closing(RedisStore(at_store)) as store,
        strategy_client(at_store.redis_host, at_store.redis_port, password) as client,
    ):

        def started() -> news.RedisSignals:
            # A machine with much to do must not make the store unreadable.
            return news.RedisSignals(client, window=timedelta(hours=48), patience_s=60.0)

        bot = started()
        for event in timeline:
            if isinstance(event, Written):
                store.write(event.signals, at(0) + event.after + event.ahead)
                continue
            if event.is_just_started:
                bot = started()
            bot.refresh([PAIR], at(0) + event.after)
            assert bot.readable(PAIR)
            if event.candle is not None:
                yield event.candle, bot.signals(PAIR)


def columns(signals: pd.DataFrame, last: int) -> pd.DataFrame:
    """All that a strategy is given of sentiment, for the candles up to the last that has closed."""
    candles = OPENS.head(last + 1)
    arrived = news.arrivals(signals)
    newest = news.as_of(signals, candles, QUARTER, arrived=arrived)
    aggregate = news.aggregate_as_of(signals, candles, QUARTER, arrived=arrived)
    return pd.concat([newest, aggregate], axis=1)
