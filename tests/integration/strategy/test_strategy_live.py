"""The strategy as Freqtrade loads it, with a real store: what reaches the candles, the stakes and the entries."""

from __future__ import annotations

import logging
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cryptoboy_sentiment as news
import pandas as pd
import pytest
import redis
from freqtrade.enums import RunMode

from services.common.settings.settings import Settings
from services.common.store.redis.store import RedisStore
from services.research.history.scoring.exporting import export_signals
from tests.support.servers.servers import RedisServer
from tests.support.store.store_samples import make_signal
from tests.support.strategy.strategy_live import COUNT, MakeStrategy, analysed, close_before_last, publish
from tests.support.strategy.strategy_samples import PAIR, message, milliseconds, signal

pytestmark = pytest.mark.integration


def test_history_is_there_when_the_bot_starts(
    store: redis.Redis, make: MakeStrategy, candles: pd.DataFrame
) -> None:
    publish(store, 0.9, close_before_last(candles))
    frame = make().analyze_ticker(candles.copy(), {"pair": PAIR})
    assert frame["sentiment_status"].tolist()[-2:] == ["fresh", "fresh"]
    assert frame["sentiment"].tolist()[-2:] == [0.9, 0.9]
    assert frame["sentiment"].head(-2).isna().all()


def test_a_signal_of_the_running_bot_reaches_the_next_candle(
    store: redis.Redis, make: MakeStrategy, candles: pd.DataFrame
) -> None:
    strategy = make()
    assert analysed(strategy, candles)["sentiment_status"].iloc[-1] == "none"
    publish(store, -0.9, close_before_last(candles))
    last = analysed(strategy, candles).iloc[-1]
    assert (last["sentiment"], last["exit_long"]) == (-0.9, 1)
    assert last["exit_tag"].startswith("sentiment")


def test_each_candle_says_which_entry_rules_are_true(
    store: redis.Redis, make: MakeStrategy, candles: pd.DataFrame
) -> None:
    publish(store, 0.95, close_before_last(candles))
    strategy = make()
    strategy.entry_rules = ("trend", "sentiment")
    frame = analysed(strategy, candles)
    enters, rules = frame["enter_long"].eq(1), frame["entry_rules"]
    assert (rules.eq("+trend +sentiment") == enters).all()
    assert [text.partition(" ")[2] for text in rules.tail(3)] == ["-sentiment", "+sentiment", "+sentiment"]


@pytest.mark.parametrize("sentiment_from", news.SENTIMENT_FROM)
def test_the_least_confidence_of_entries_is_a_parameter(
    store: redis.Redis, make: MakeStrategy, candles: pd.DataFrame, sentiment_from: str
) -> None:
    publish(store, 0.95, close_before_last(candles))
    strategy = make()
    strategy.entry_rules = ("sentiment",)
    strategy.buy_sentiment_from.value = sentiment_from
    for above, enters in ((0.89, 1), (0.9, 0)):
        strategy.buy_confidence_above.value = above
        assert analysed(strategy, candles)["enter_long"].iloc[-1] == enters


def test_a_correction_a_second_after_the_close_leaves_the_exit_that_history_has(
    private_redis: RedisServer,
    store: redis.Redis,
    make: MakeStrategy,
    candles: pd.DataFrame,
    tmp_path: Path,
) -> None:
    settings = Settings(redis_host=private_redis.host, redis_port=private_redis.port)
    close = candles["date"].iloc[-1].to_pydatetime() + timedelta(minutes=15)
    told = make_signal(
        pair=PAIR,
        score=-0.9,
        published=close - timedelta(minutes=2),
        analyzed_at=close - timedelta(minutes=1),
    )
    with closing(RedisStore(settings)) as cacher:
        cacher.write([told], close - timedelta(minutes=1))
        further = {"revision": 1, "corroboration": 1, "confidence": 0.7}
        cacher.write([told.model_copy(update=further)], close + timedelta(seconds=1))
    export_signals(settings, [PAIR], tmp_path / "signals.csv")
    live = analysed(make(), candles)
    history = analysed(make(RunMode.BACKTEST, sentiment_csv=str(tmp_path / "signals.csv")), candles)
    assert (live["sentiment"].iloc[-1], live["exit_long"].iloc[-1]) == (-0.9, 1)
    assert live["exit_tag"].iloc[-1].startswith("sentiment")
    pd.testing.assert_frame_equal(live, history)


def test_every_entry_of_the_frame_is_tagged_and_nothing_else_is(
    store: redis.Redis, make: MakeStrategy, candles: pd.DataFrame
) -> None:
    for hour in range(0, COUNT // 4, 2):
        moment = candles["date"].iloc[0].to_pydatetime() + timedelta(hours=hour)
        one = signal(f"news{hour}", score=0.75)._replace(published=moment, available_at=moment)
        store.zadd(f"sentiment_signals:{PAIR}", {message(one): milliseconds(moment)})
    frame = analysed(make(), candles)
    entries = frame[frame["enter_long"] == 1]
    assert set(entries["enter_tag"]) == {"sentiment 0.75 very_bullish asset + macd_cross"}
    assert set(frame.loc[frame["enter_long"] == 0, "enter_tag"]) == {""}
    exits = frame[frame["exit_long"] == 1]
    assert set(exits["exit_tag"]) >= {"macd_cross_down 0.75"}
    assert set(frame.loc[frame["exit_long"] == 0, "exit_tag"]) == {""}


def test_a_store_that_is_away_means_no_entry_no_forced_exit_and_no_error(
    store: redis.Redis, private_redis: RedisServer, make: MakeStrategy, candles: pd.DataFrame
) -> None:
    publish(store, -0.9, close_before_last(candles))
    strategy = make()
    private_redis.control.stop()
    try:
        last = analysed(strategy, candles).iloc[-1]
        assert last["sentiment_status"] == "unreadable"
        assert pd.isna(last["sentiment"])
        assert last["enter_long"] == 0
        assert "sentiment" not in last["exit_tag"]
        assert not strategy.confirm_trade_entry(pair=PAIR, current_time=datetime.now(UTC))
    finally:
        private_redis.control.start()


def test_a_bot_starts_without_a_store_and_finds_it_later(
    store: redis.Redis, private_redis: RedisServer, make: MakeStrategy, candles: pd.DataFrame
) -> None:
    private_redis.control.stop()
    try:
        strategy = make()
    finally:
        private_redis.control.start()
    publish(store, 0.9, close_before_last(candles))
    assert analysed(strategy, candles)["sentiment"].iloc[-1] == 0.9


@pytest.mark.parametrize("runmode", [RunMode.LIVE, RunMode.DRY_RUN])
def test_paused_entries_are_refused_and_exits_go_on(
    store: redis.Redis,
    make: MakeStrategy,
    candles: pd.DataFrame,
    caplog: pytest.LogCaptureFixture,
    runmode: RunMode,
) -> None:
    strategy = make(runmode)
    publish(store, -0.9, close_before_last(candles))
    analysed(strategy, candles)
    assert strategy.confirm_trade_entry(pair=PAIR, current_time=datetime.now(UTC))
    caplog.set_level(logging.INFO)
    store.set("trading:entries", "paused")
    assert analysed(strategy, candles)["exit_long"].iloc[-1] == 1
    assert not strategy.confirm_trade_entry(pair=PAIR, current_time=datetime.now(UTC))
    assert f"Entry of {PAIR} refused: entries are paused by operator" in caplog.text


@pytest.mark.parametrize(("score", "stake"), [(0.75, 75.0), (0.85, 100.0)])
def test_the_stake_is_that_of_the_last_analysed_candle(
    store: redis.Redis, make: MakeStrategy, candles: pd.DataFrame, score: float, stake: float
) -> None:
    publish(store, score, close_before_last(candles))
    strategy = make()
    analysed(strategy, candles)
    assert (
        strategy.custom_stake_amount(pair=PAIR, proposed_stake=100.0, min_stake=5.0, max_stake=9000.0)
        == stake
    )


def test_the_stake_of_a_pair_not_analysed_yet_is_the_reduced_one(
    store: redis.Redis, make: MakeStrategy
) -> None:
    assert (
        make().custom_stake_amount(pair=PAIR, proposed_stake=100.0, min_stake=5.0, max_stake=9000.0) == 75.0
    )


def test_degraded_sentiment_and_staleness_follow_the_configuration(
    store: redis.Redis, make: MakeStrategy, candles: pd.DataFrame
) -> None:
    publish(store, 0.9, close_before_last(candles) - timedelta(hours=5))
    assert analysed(make(), candles)["sentiment_status"].iloc[-1] == "stale"
    strategy = make(staleness_hours=6, allow_degraded=True)
    assert analysed(strategy, candles)["sentiment_status"].iloc[-1] == "fresh"
    assert strategy.rules().buy_allow_degraded


@pytest.mark.parametrize("runmode", [RunMode.BACKTEST, RunMode.HYPEROPT, RunMode.UTIL_EXCHANGE, RunMode.PLOT])
def test_history_never_reads_the_live_store_and_says_that_there_is_no_sentiment(
    store: redis.Redis,
    make: MakeStrategy,
    candles: pd.DataFrame,
    caplog: pytest.LogCaptureFixture,
    runmode: RunMode,
) -> None:
    publish(store, 0.9, close_before_last(candles))
    store.set("trading:entries", "paused")
    strategy = make(runmode)
    assert "no sentiment in this run" in caplog.text
    frame = analysed(strategy, candles)
    assert set(frame["sentiment_status"]) == {"none"}
    assert not frame["enter_long"].any()
    assert strategy.confirm_trade_entry(pair=PAIR, current_time=datetime.now(UTC))
