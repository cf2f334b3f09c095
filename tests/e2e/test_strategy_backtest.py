"""The real `freqtrade backtesting`, in a user_data folder with the strategy's files and nothing else of ours."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.replay_exchange.ccxt_config import freqtrade_exchange
from tests.strategy_samples import NOON, PAIR, QUARTER, raw, signal, wavy_candles, write_csv

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
STRATEGIES = ROOT / "user_data" / "strategies"
BEGIN = NOON + 300 * QUARTER
NEWS_ENDS = BEGIN + timedelta(days=5)
END = NEWS_ENDS + timedelta(days=3)


@pytest.fixture(scope="module")
def exchange() -> Iterator[str]:
    """An exchange that lists the pair; a backtest asks it for nothing more."""
    command = [
        sys.executable,
        "-m",
        "services.replay_exchange.replay_exchange",
        "--markets-only",
        "--pairs",
        PAIR,
    ]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.terminate()


@pytest.fixture
def user_data(tmp_path: Path) -> Path:
    folder = tmp_path / "user_data"
    shutil.copytree(STRATEGIES, folder / "strategies", ignore=shutil.ignore_patterns("__pycache__"))
    data = folder / "data" / "binance"
    data.mkdir(parents=True)
    wavy_candles(300 + 8 * 96 + 1).to_feather(data / f"{PAIR.replace('/', '_')}-15m.feather")
    return folder


def backtest(user_data: Path, exchange: str, sentiment_csv: Path) -> subprocess.CompletedProcess[str]:
    config = {
        "strategy": "LLMSentimentStrategy",
        "dry_run": True,
        "max_open_trades": 1,
        "stake_currency": "USDT",
        "stake_amount": 100,
        "entry_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
        "exit_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
        "exchange": freqtrade_exchange(exchange, [PAIR]),
        "pairlists": [{"method": "StaticPairList"}],
        "cryptoboy": {"sentiment_csv": str(sentiment_csv)},
    }
    (user_data / "config.json").write_text(json.dumps(config))
    freqtrade = Path(sys.executable).with_name("freqtrade")
    spans = f"{BEGIN.timestamp():.0f}-{END.timestamp():.0f}"
    options = [
        "--config",
        "config.json",
        "--userdir",
        ".",
        "--timerange",
        spans,
        "--export",
        "trades",
        "--cache",
        "none",
    ]
    return subprocess.run(
        [str(freqtrade), "backtesting", *options],
        cwd=user_data,
        env={"PATH": "/usr/bin:/bin", "HOME": str(user_data)},
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )


def trades(user_data: Path) -> list[dict[str, Any]]:
    (archive,) = (user_data / "backtest_results").glob("*.zip")
    with zipfile.ZipFile(archive) as files:
        result = json.loads(files.read(f"{archive.stem}.json"))
    found: list[dict[str, Any]] = result["strategy"]["LLMSentimentStrategy"]["trades"]
    return found


def test_a_backtest_trades_on_the_history_it_is_given(user_data: Path, exchange: str, tmp_path: Path) -> None:
    hours = range(int((NEWS_ENDS - NOON) / timedelta(hours=1)))
    scores = [0.75, 0.9, 0.5, -0.8]
    news = [signal(f"a{hour}", published=60 * hour, score=scores[hour // 12 % len(scores)]) for hour in hours]
    ran = backtest(user_data, exchange, write_csv(tmp_path / "history.csv", news))
    assert ran.returncode == 0, ran.stdout + ran.stderr

    found = trades(user_data)
    assert found
    tagged = [
        re.fullmatch(r"sentiment (0\.\d\d) very_bullish asset \+ macd_cross", one["enter_tag"])
        for one in found
    ]
    scored = [
        (float(tag[1]), round(one["stake_amount"])) for tag, one in zip(tagged, found, strict=True) if tag
    ]
    assert len(scored) == len(found)
    assert set(scored) == {(0.75, 75), (0.9, 100)}
    assert {one["exit_reason"].split()[0] for one in found} >= {"macd_cross_down"}
    last_entry = max(datetime.fromisoformat(one["open_date"]) for one in found)
    assert last_entry <= NEWS_ENDS + timedelta(hours=4) + QUARTER


def test_a_bad_line_in_the_history_stops_the_backtest_and_is_named(
    user_data: Path, exchange: str, tmp_path: Path
) -> None:
    path = write_csv(tmp_path / "history.csv", [raw(signal()), raw(signal("b")) | {"score": "nan"}])
    ran = backtest(user_data, exchange, path)
    assert ran.returncode != 0
    assert not list((user_data / "backtest_results").glob("*.zip"))
    said = re.sub(r"\s+", " ", ran.stdout + ran.stderr)
    assert "history.csv, line 3: score is 'nan', expected a number from -1 to 1" in said
