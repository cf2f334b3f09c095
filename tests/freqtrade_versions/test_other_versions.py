"""The package in the Freqtrade of somebody else: the oldest that is supported, one between, and the newest.

    ./cryptoboy test tests/freqtrade_versions

Its first run installs these versions, each in an environment of its own, from the package index.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.operations.strategies.check import check_strategy
from tests.support.strategy.freqtrade_offline import configure, make_user_data, markets, run
from tests.support.strategy.freqtrade_versions import VERSIONS, python_with_freqtrade
from tests.support.strategy.own_strategy import CLASS, STRATEGY, WITHOUT_NEWS
from tests.support.strategy.strategy_samples import NOON, PAIR, QUARTER, signal, wavy_candles, write_csv

pytestmark = pytest.mark.timeout(1800)

BEGIN, END = NOON + 300 * QUARTER, NOON + 300 * QUARTER + timedelta(days=8)
BAD_FROM, BAD_UNTIL = BEGIN + timedelta(days=2), BEGIN + timedelta(days=5)
PLAIN = "Plain"


@pytest.fixture(scope="module")
def exchange() -> Iterator[str]:
    with markets([PAIR]) as url:
        yield url


@pytest.fixture(scope="module", params=VERSIONS)
def python(request: pytest.FixtureRequest) -> Path:
    return python_with_freqtrade(request.param)


@pytest.fixture(scope="module")
def user_data(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of Freqtrade with our strategy, one of somebody with the mixin, and the same without it."""
    folder = tmp_path_factory.mktemp(python.parents[1].name) / "user_data"
    make_user_data(folder, {PAIR: wavy_candles(300 + 8 * 96 + 1)})
    (folder / "strategies" / "mine.py").write_text(STRATEGY)
    (folder / "strategies" / "plain.py").write_text(WITHOUT_NEWS.replace(CLASS, PLAIN))
    return folder


@pytest.fixture(scope="module")
def news(user_data: Path) -> Path:
    """Each hour an article: good news, and bad news for three days in between."""
    hours = range(int((END - NOON) / timedelta(hours=1)))
    moments = {hour: NOON + timedelta(hours=hour) for hour in hours}
    signals = [
        signal(f"a{hour}", published=60 * hour, score=-0.8 if BAD_FROM <= moment < BAD_UNTIL else 0.9)
        for hour, moment in moments.items()
    ]
    return write_csv(user_data / "news.csv", signals)


def backtest(
    python: Path, user_data: Path, exchange: str, news: Path, strategy: str, *use: str
) -> list[dict[str, Any]]:
    """The trades of a backtest."""
    block = {"source": str(news), "use": [*use]} if use else {"source": str(news)}
    configure(user_data, exchange, [PAIR], news, cryptoboy=block)
    span = ["--timerange", f"{BEGIN.timestamp():.0f}-{END.timestamp():.0f}", "--cache", "none"]
    ran = run(user_data, "backtesting", "--strategy", strategy, *span, "--export", "trades", python=python)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    results = user_data / "backtest_results"
    archive = results / json.loads((results / ".last_result.json").read_text())["latest_backtest"]
    with zipfile.ZipFile(archive) as files:
        result = json.loads(files.read(f"{archive.stem}.json"))
    found: list[dict[str, Any]] = result["strategy"][strategy]["trades"]
    return found


def entries(trades: list[dict[str, Any]]) -> list[datetime]:
    return [datetime.fromisoformat(trade["open_date"]) for trade in trades]


def is_bad(moment: datetime) -> bool:
    """Whether the newest article that an entry at this time knows is bad news."""
    return BAD_FROM + QUARTER <= moment <= BAD_UNTIL


@pytest.fixture(scope="module")
def plain(python: Path, user_data: Path, exchange: str, news: Path) -> list[dict[str, Any]]:
    trades = backtest(python, user_data, exchange, news, PLAIN, "features")
    assert any(map(is_bad, entries(trades))), "there is something to block"
    return trades


def test_the_check_loads_the_strategy_with_that_freqtrade(
    python: Path, user_data: Path, exchange: str, news: Path
) -> None:
    configure(user_data, exchange, [PAIR], news, cryptoboy={"source": str(news)})
    report = check_strategy(user_data, CLASS, "", freqtrade=python, seconds=600)
    found = {check.name: check for check in report.checks}
    assert report.ok, report
    assert found["freqtrade"].state == "ok"
    assert re.match(r"20\d\d\.\d+", found["freqtrade"].found)


def test_with_features_alone_the_trades_are_those_without_the_mixin(
    python: Path, user_data: Path, exchange: str, news: Path, plain: list[dict[str, Any]]
) -> None:
    assert backtest(python, user_data, exchange, news, CLASS, "features") == plain


def test_with_veto_no_entry_stands_on_bad_news_and_the_others_are_kept(
    python: Path, user_data: Path, exchange: str, news: Path, plain: list[dict[str, Any]]
) -> None:
    trades = backtest(python, user_data, exchange, news, CLASS, "veto")
    assert not any(map(is_bad, entries(trades)))
    before = [moment for moment in entries(plain) if moment < BAD_FROM]
    assert [moment for moment in entries(trades) if moment < BAD_FROM] == before
    assert any(moment > BAD_UNTIL for moment in entries(trades))


def test_all_uses_together_trade(python: Path, user_data: Path, exchange: str, news: Path) -> None:
    trades = backtest(python, user_data, exchange, news, CLASS, "veto", "confirm", "exit", "size")
    assert trades
    assert not any(map(is_bad, entries(trades)))


def test_our_own_strategy_trades(python: Path, user_data: Path, exchange: str, news: Path) -> None:
    trades = backtest(python, user_data, exchange, news, "LLMSentimentStrategy")
    assert trades
    assert {trade["enter_tag"].split()[0] for trade in trades} == {"sentiment"}


def test_hyperopts_workers_get_the_package(python: Path, user_data: Path, exchange: str, news: Path) -> None:
    configure(user_data, exchange, [PAIR], news)
    loss = ["--hyperopt-loss", "OnlyProfitHyperOptLoss", "--random-state", "1", "--min-trades", "1"]
    spaces = ["--spaces", "buy", "--epochs", "4", "--job-workers", "2"]
    span = ["--timerange", f"{BEGIN.timestamp():.0f}-{END.timestamp():.0f}"]
    ran = run(
        user_data, "hyperopt", "--strategy", "LLMSentimentStrategy", *span, *spaces, *loss, python=python
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (user_data / "strategies" / "LLMSentimentStrategy.json").is_file()
