"""What a backtest depends on is part of the configuration by which Freqtrade knows the run."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from cryptoboy_sentiment import digests_of_inputs
from freqtrade.enums import RunMode
from freqtrade.optimize.backtest_caching import get_strategy_run_id
from LLMSentimentStrategy import LLMSentimentStrategy

HISTORY = {"sentiment_csv": "history.csv"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SENTIMENT_CSV", raising=False)
    (tmp_path / "history.csv").write_text("pair,score\n")
    return tmp_path


def run_id(section: dict[str, Any] | None = None, runmode: RunMode = RunMode.BACKTEST) -> str:
    strategy = LLMSentimentStrategy({"runmode": runmode, "cryptoboy": section or {}})
    strategy.__file__ = inspect.getfile(LLMSentimentStrategy)
    strategy._ft_params_from_file = {}
    return str(get_strategy_run_id(strategy))


def test_a_run_is_another_when_the_history_changes_or_vanishes(folder: Path) -> None:
    first = run_id(HISTORY)
    assert run_id(HISTORY) == first
    (folder / "history.csv").write_text("pair,score\nBTC/USDT,0.9\n")
    changed = run_id(HISTORY)
    (folder / "history.csv").unlink()
    assert len({first, changed, run_id(HISTORY)}) == 3


def test_a_run_is_another_when_the_environment_names_a_history(monkeypatch: pytest.MonkeyPatch) -> None:
    without = run_id()
    monkeypatch.setenv("SENTIMENT_CSV", "history.csv")
    assert run_id() != without


def test_settings_that_bot_start_refuses_have_no_run_of_their_own() -> None:
    digests = digests_of_inputs(HISTORY | {"staleness_hours": -1}, {})
    assert (
        digests["sentiment_csv"] == "unreadable: cryptoboy.staleness_hours is -1, expected a number above 0"
    )


def test_a_run_is_another_when_the_code_changes(folder: Path) -> None:
    code = folder / "strategy.py"
    code.write_text("threshold = 0.7\n")
    before = digests_of_inputs({}, {}, [code])
    code.write_text("threshold = 0.6\n")
    assert digests_of_inputs({}, {}, [code])["code"] != before["code"]


@pytest.mark.parametrize("runmode", [RunMode.LIVE, RunMode.DRY_RUN])
def test_a_bot_that_trades_reads_no_history(runmode: RunMode) -> None:
    config: dict[str, Any] = {"runmode": runmode, "cryptoboy": {"sentiment_csv": "none.csv"}}
    LLMSentimentStrategy(config)
    assert config.keys() == {"runmode", "cryptoboy"}


def test_a_csv_that_is_named_as_the_source_is_part_of_the_inputs(tmp_path: Path) -> None:
    path = tmp_path / "signals.csv"
    path.write_text("one")
    first = digests_of_inputs({"source": str(path)}, {})
    assert first == digests_of_inputs({"sentiment_csv": str(path)}, {})
    path.write_text("other")
    assert digests_of_inputs({"source": str(path)}, {}) != first
