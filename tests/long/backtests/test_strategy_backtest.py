"""The real `freqtrade backtesting`, in a user_data folder with the strategy's files and nothing else of ours."""

from __future__ import annotations

import json
import re
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.strategy.freqtrade_offline import configure, make_user_data, markets, run
from tests.support.strategy.strategy_samples import NOON, PAIR, QUARTER, raw, signal, wavy_candles, write_csv

pytestmark = pytest.mark.e2e

BEGIN = NOON + 300 * QUARTER
NEWS_ENDS = BEGIN + timedelta(days=5)
END = NEWS_ENDS + timedelta(days=3)


@pytest.fixture(scope="module")
def exchange() -> Iterator[str]:
    with markets([PAIR]) as url:
        yield url


@pytest.fixture
def user_data(tmp_path: Path) -> Path:
    return make_user_data(tmp_path / "user_data", {PAIR: wavy_candles(300 + 8 * 96 + 1)})


def backtest(
    user_data: Path, exchange: str, sentiment_csv: Path, *options: str
) -> subprocess.CompletedProcess[str]:
    configure(user_data, exchange, [PAIR], sentiment_csv)
    span = f"{BEGIN.timestamp():.0f}-{END.timestamp():.0f}"
    export = ["--export", "trades", *(options or ("--cache", "none"))]
    return run(user_data, "backtesting", "--timerange", span, *export)


def only_result(user_data: Path) -> Path:
    (archive,) = (user_data / "backtest_results").glob("*.zip")
    return archive


def trades(archive: Path) -> list[dict[str, Any]]:
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

    found = trades(only_result(user_data))
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


def test_freqtrades_cache_answers_only_a_backtest_of_the_same_history(
    user_data: Path, exchange: str, tmp_path: Path
) -> None:
    path = tmp_path / "history.csv"

    def again() -> tuple[bool, int]:
        """Whether the answer came from the cache, and how many trades it has."""
        ran = backtest(user_data, exchange, path, "--cache", "day")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        last = json.loads((user_data / "backtest_results" / ".last_result.json").read_text())
        archive = user_data / "backtest_results" / last["latest_backtest"]
        return "Reusing result of previous backtest" in ran.stdout + ran.stderr, len(trades(archive))

    hours = range(int((NEWS_ENDS - NOON) / timedelta(hours=1)))
    write_csv(path, [signal(f"a{hour}", published=60 * hour, score=0.9) for hour in hours])
    cached, traded = again()
    assert (cached, traded > 0) == (False, True)
    assert again() == (True, traded)
    write_csv(path, [])
    assert again() == (False, 0)

    path.unlink()
    ran = backtest(user_data, exchange, path, "--cache", "day")
    assert ran.returncode != 0
    assert "history.csv" in ran.stdout + ran.stderr
    assert "Reusing" not in ran.stdout + ran.stderr


def test_hyperopt_finds_parameters_in_worker_processes(
    user_data: Path, exchange: str, tmp_path: Path
) -> None:
    scores = [0.8, -0.4, 0.6]
    news = [signal(f"a{hour}", published=60 * hour, score=scores[hour % 3]) for hour in range(260)]
    configure(user_data, exchange, [PAIR], write_csv(tmp_path / "history.csv", news))
    loss = ["--hyperopt-loss", "OnlyProfitHyperOptLoss", "--random-state", "1", "--min-trades", "1"]
    spaces = ["--spaces", "buy", "sell", "--epochs", "6", "--job-workers", "2", "--enable-protections"]
    ran = run(user_data, "hyperopt", "--timerange", f"{BEGIN.timestamp():.0f}-", *spaces, *loss)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads((user_data / "strategies" / "LLMSentimentStrategy.json").read_text())["params"]
    assert found["buy"]["buy_sentiment_from"] in {"newest", "aggregate"}
    assert set(found["sell"]) >= {"sell_sentiment_from", "sell_aggregate_below", "sell_sentiment_below"}


def test_list_strategies_shows_the_strategy_and_nothing_broken(user_data: Path, exchange: str) -> None:
    configure(user_data, exchange, [PAIR], user_data / "none.csv")
    ran = run(user_data, "list-strategies", "--recursive-strategy-search", "--no-color")
    assert ran.returncode == 0, ran.stderr
    assert [line.split("│")[1].strip() for line in ran.stdout.splitlines() if "│" in line] == [
        "LLMSentimentStrategy"
    ]
