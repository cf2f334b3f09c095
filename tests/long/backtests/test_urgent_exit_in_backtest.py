"""In a real backtest urgent news closes a trade in the first (detail) candle that opens after it was available."""

from __future__ import annotations

import json
import shutil
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cryptoboy_sentiment as news
import pandas as pd
import pytest

from tests.support.strategy import urgent_strategies
from tests.support.strategy.freqtrade_offline import configure, make_user_data, markets, run_for_each
from tests.support.strategy.strategy_samples import NOON, QUARTER, signal, wavy_candles, write_csv

pytestmark = pytest.mark.e2e

MINUTE, MICROSECOND = timedelta(minutes=1), timedelta(microseconds=1)
BEGIN = NOON + 250 * QUARTER
END = BEGIN + 24 * QUARTER
NEWS = BEGIN + 9 * QUARTER + 7 * MINUTE  # within a candle, and when a detail candle opens
STRATEGIES = ("WithMixin", "OfOurs")

CASES: dict[str, dict[str, Any]] = {  # by the pair that has the news
    "BTC/USDT": {"available_at": NEWS},
    "ETH/USDT": {"available_at": NEWS - MICROSECOND},
    "BNB/USDT": {"available_at": NEWS + MICROSECOND},
    "SOL/USDT": {"available_at": NEWS - QUARTER},  # the news of BTC, one candle earlier
    "XRP/USDT": {"available_at": NEWS, "confidence": 0.5},  # nobody confirms it
    "ADA/USDT": {"available_at": BEGIN, "published": BEGIN - MINUTE},  # the trade is opened in spite of it
}


def news_of(pair: str, fields: dict[str, Any]) -> news.Signal:
    one = signal(pair[:3].lower(), pair=pair, score=-0.9, confidence=0.9)
    return one._replace(published=NEWS - QUARTER - MINUTE)._replace(**fields)


@pytest.fixture(scope="module")
def minutes() -> pd.DataFrame:
    return wavy_candles(round((END - NOON) / MINUTE) + 15, step=MINUTE)


@pytest.fixture(scope="module")
def results(
    minutes: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[dict[str, Any]]]:
    """The trades of each strategy, with detail candles and without."""
    quarters = minutes.resample("15min", on="date").agg(
        {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    )
    candles = dict.fromkeys(CASES, quarters.reset_index())
    user_data = make_user_data(tmp_path_factory.mktemp("freqtrade") / "user_data", candles)
    shutil.copy(str(urgent_strategies.__file__), user_data / "strategies")
    for name in ("detail", "plain"):
        (user_data / name).mkdir()  # Freqtrade takes a name without a folder for that of a file
    for pair in CASES:
        minutes.to_feather(user_data / "data" / "binance" / f"{pair.replace('/', '_')}-1m.feather")
    history = write_csv(user_data / "history.csv", [news_of(*case) for case in CASES.items()])
    section = {"sentiment_csv": str(history), "use": ["exit"]}
    span = ["--timerange", f"{BEGIN.timestamp():.0f}-{END.timestamp():.0f}", "--cache", "none"]
    with markets(list(CASES)) as exchange:
        configure(user_data, exchange, list(CASES), history, cryptoboy=section)
        call = ["--strategy-list", *STRATEGIES, *span, "--export", "trades"]
        detail = [*call, "--timeframe-detail", "1m", "--backtest-directory", "detail"]
        calls = [detail, [*call, "--backtest-directory", "plain"]]
        ran = run_for_each(user_data, "backtesting", calls)
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-3000:]
    return {
        f"{strategy} {name}": trades
        for name in ("detail", "plain")
        for strategy, trades in _trades(user_data, name).items()
    }


def _trades(user_data: Path, name: str) -> dict[str, list[dict[str, Any]]]:
    (archive,) = (user_data / name).glob("*.zip")
    with zipfile.ZipFile(archive) as files:
        found = json.loads(files.read(f"{archive.stem}.json"))
    return {strategy: found["strategy"][strategy]["trades"] for strategy in STRATEGIES}


def closed_by_news(trades: list[dict[str, Any]]) -> dict[str, datetime]:
    """When the trades of each pair were closed by news, which happens once at most."""
    closed = [one for one in trades if one["exit_reason"].startswith("news")]
    assert {one["exit_reason"] for one in closed} == {"news -0.90"}
    found = {one["pair"]: datetime.fromisoformat(one["close_date"]) for one in closed}
    assert len(found) == len(closed)
    return found


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_trade_is_closed_at_the_open_of_the_first_detail_candle_after_the_news(
    results: dict[str, list[dict[str, Any]]], strategy: str, minutes: pd.DataFrame
) -> None:
    trades = results[f"{strategy} detail"]
    assert closed_by_news(trades) == {
        "BTC/USDT": NEWS + MINUTE,
        "ETH/USDT": NEWS,
        "BNB/USDT": NEWS + MINUTE,
        "SOL/USDT": NEWS - QUARTER + MINUTE,
    }
    opens = minutes.set_index("date")["open"]
    for one in trades:
        if one["exit_reason"].startswith("news"):
            assert one["close_rate"] == pytest.approx(opens[pd.Timestamp(one["close_date"])], rel=1e-3)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_without_detail_candles_a_trade_is_closed_at_the_open_of_the_next_candle(
    results: dict[str, list[dict[str, Any]]], strategy: str
) -> None:
    next_candle = BEGIN + 10 * QUARTER
    assert closed_by_news(results[f"{strategy} plain"]) == {
        "BTC/USDT": next_candle,
        "ETH/USDT": next_candle,
        "BNB/USDT": next_candle,
        "SOL/USDT": next_candle - QUARTER,
    }
