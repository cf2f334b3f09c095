"""`history` in the place of files: backtests and studies of what was recorded are those of the same in files."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.app import app
from services.common.errors import StopProgram
from services.common.history.port import Batch
from services.common.history.writing import open_history
from services.common.settings.settings import Settings
from services.operations.reports import reports_folder
from services.operations.why.comparisons import newest_comparison
from services.research.candles import load_candles
from services.research.sentiment_csv import read_sentiment_csv
from tests.support.history.history_samples import trade
from tests.support.history.recording import record
from tests.support.research.study_samples import made_up_market, write_market
from tests.support.strategy.backtest_samples import knowing, write_candles, write_news

pytestmark = pytest.mark.e2e
RUNNER = CliRunner()
Files = tuple[Path, Path]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    """The candles and signals as files; the history of the settings has the same."""
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    candles, signals = made_up_market(0.3, days=15)
    record(Settings(state_dir=tmp_path / "state"), signals, candles.values())
    return write_market(tmp_path, candles, signals)


def answer(*arguments: object) -> Any:
    done = RUNNER.invoke(app, [*map(str, arguments), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout.splitlines()[-1])


def test_a_study_of_the_history_is_that_of_the_files(files: Files) -> None:
    options = ("history", "study", "--resamples", 100, "--candles")
    assert answer(*options, "history", "--sentiment", "history") == answer(
        *options, files[0], "--sentiment", files[1]
    )


def test_the_history_is_fit_for_a_backtest_and_has_longer_candles_too(files: Files) -> None:
    found = answer(
        "history", "validate", "--candles", "history", "--sentiment", "history", "--timeframe", "4h"
    )
    assert found["errors"] == []
    assert {(each["pair"], each["timeframe"]) for each in found["candles"]} == {
        ("BTC/USDT", "4h"),
        ("ETH/USDT", "4h"),
    }


def test_a_backtest_of_the_history_is_that_of_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    news = write_news(tmp_path / "news.csv", write_candles(tmp_path, days=4), knowing)
    candles = load_candles(tmp_path, "1h").values()
    settings = Settings(state_dir=tmp_path / "state")
    record(settings, read_sentiment_csv(news), candles)
    opened = datetime(2025, 5, 2, 12, 0, 5, tzinfo=UTC)
    with closing(open_history(settings)) as writer:
        writer.write(Batch(trades=[trade(1, opened=opened, updated=opened)]))
    options = ("--from", "2025-05-01", "--to", "2025-05-05", "--controls", 1, "--jobs", 1)
    by_history = answer("backtest", "--candles", "history", "--sentiment", "history", *options)
    by_files = answer("backtest", "--candles", tmp_path, "--sentiment", news, *options)
    assert by_files["variants"]["combined"]["trades"] > 0
    own_trades = by_history.pop("own_trades")
    assert by_history == by_files
    kept = newest_comparison(reports_folder(settings), opened - timedelta(days=2), opened + timedelta(days=3))
    assert own_trades["trades"] == 1
    assert kept is not None
    assert kept.own.as_json() == own_trades


def test_the_export_has_what_was_recorded(files: Files, tmp_path: Path) -> None:
    found = answer("history", "export", "--out", tmp_path / "s.csv")
    assert (found["read_from"], found["signals"]) == ("history", {"BTC/USDT": 360, "ETH/USDT": 360})
    one = answer(
        *("history", "export", "--out", tmp_path / "one.csv", "--pairs", "ETH/USDT"),
        *("--from", "2025-05-02", "--to", "2025-05-03"),
    )
    assert one["signals"] == {"ETH/USDT": 24}
    assert one["available_from"] == "2025-05-02T00:20:00+00:00"


def test_an_empty_history_is_no_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "nothing"))
    for arguments in (
        ["history", "study", "--candles", "history", "--sentiment", "s.csv"],
        ["history", "study", "--candles", "c", "--sentiment", "history"],
        ["history", "export", "--out", str(tmp_path / "s.csv"), "--source", "history"],
    ):
        with pytest.raises(StopProgram, match=r"the history has no (signals|candles).*history_recorder"):
            RUNNER.invoke(app, arguments, catch_exceptions=False)
    assert not (tmp_path / "nothing").exists()
