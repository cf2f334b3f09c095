"""A strategy as Freqtrade loads it, with sources by address and with pairs that are served by their assets."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import redis
from freqtrade.enums import RunMode

from tests.support.servers.servers import RedisServer
from tests.support.strategy.strategy_live import MakeStrategy
from tests.support.strategy.strategy_samples import PAIR, message, milliseconds, signal, write_csv

pytestmark = pytest.mark.integration

NONE = {"redis_host": None, "redis_port": None}


def analysed_as(strategy: Any, pair: str, candles: pd.DataFrame) -> pd.DataFrame:
    strategy.dp._pairlists.whitelist = [pair]
    strategy.bot_loop_start(current_time=datetime.now(UTC))
    found: pd.DataFrame = strategy.analyze_ticker(candles.copy(), {"pair": pair})
    return found


def test_candles_are_the_same_by_store_by_csv_in_dry_run_and_in_a_backtest_also_for_another_pair_of_the_asset(
    private_redis: RedisServer, store: redis.Redis, make: MakeStrategy, candles: pd.DataFrame, tmp_path: Path
) -> None:
    newest = candles["date"].iloc[-1].to_pydatetime()
    signals = [
        signal(f"a{hours}", score=0.9 - hours / 20)._replace(published=moment, available_at=moment, pair=name)
        for hours in range(30)
        for name in (PAIR, "BTC")
        if hours % 3
        for moment in [newest - timedelta(hours=hours)]
    ]
    for one in signals:
        store.zadd(f"sentiment_signals:{one.pair}", {message(one): milliseconds(one.available_at)})
    path = write_csv(tmp_path / "signals.csv", sorted(signals))
    address = f"redis://{private_redis.host}:{private_redis.port}/0"
    for pair in (PAIR, "BTC/USDC", "BTC/USDT:USDT"):
        by_store, by_csv, history = (
            analysed_as(make(mode, **NONE, source=source), pair, candles)
            for mode, source in (
                (RunMode.DRY_RUN, address),
                (RunMode.DRY_RUN, str(path)),
                (RunMode.BACKTEST, str(path)),
            )
        )
        assert by_store["sentiment"].nunique() > 10
        pd.testing.assert_frame_equal(by_store, by_csv)
        pd.testing.assert_frame_equal(by_store, history)


def test_a_backtest_says_once_for_each_pair_whose_signals_it_uses_or_that_it_has_none(
    make: MakeStrategy, candles: pd.DataFrame, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    strategy = make(RunMode.BACKTEST, **NONE, source=str(write_csv(tmp_path / "signals.csv", [signal("a")])))
    for pair in ("BTC/USDC", "SOL/USDT", PAIR) * 2:
        analysed_as(strategy, pair, candles)
    said = [record.getMessage() for record in caplog.records]
    assert (
        len(
            [line for line in said if line.startswith("BTC/USDC has no signals of its own and uses those of")]
        )
        == 1
    )
    assert len([line for line in said if line.startswith("Nobody scores SOL/USDT")]) == 1
    assert not [line for line in said if line.startswith(f"{PAIR} ")]


def test_a_csv_for_real_money_ends_the_start(make: MakeStrategy, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "signals.csv", [signal("a")])
    with pytest.raises(Exception, match="trades with real money"):
        make(RunMode.LIVE, **NONE, source=str(path))
