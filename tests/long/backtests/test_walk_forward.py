"""`cryptoboy walk-forward` as its users run it: the real hyperopt and the real backtest, without the internet."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.common.settings.settings import PROJECT_ROOT
from tests.support.processes import Program
from tests.support.strategy.strategy_samples import NOON, PAIR, QUARTER, signal, wavy_candles, write_csv

pytestmark = pytest.mark.e2e

DAY = timedelta(days=1)
STARTUP = 300
BEGIN = NOON + STARTUP * QUARTER
COMMAND = (sys.executable, "-m", "services.cli", "walk-forward", "--timeframe", "15m", "--json")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("market")
    candles = wavy_candles(STARTUP + 4 * 96 + 1)
    candles.to_feather(folder / f"{PAIR.replace('/', '_')}-15m.feather")
    hours = len(candles) // 4
    scores = [0.75, 0.9, 0.5, -0.8]
    news = [signal(f"a{hour}", published=60 * hour, score=scores[hour // 12 % 4]) for hour in range(hours)]
    return folder, write_csv(folder / "sentiment.csv", news)


def options(market: tuple[Path, Path], days: int = 3) -> list[str]:
    end = (BEGIN + days * DAY).isoformat()
    places = ["--candles", str(market[0]), "--sentiment", str(market[1])]
    return [*places, "--from", BEGIN.isoformat(), "--to", end, "--fit-days", "2", "--test-days", "1"]


def test_it_fits_tests_and_repeats_to_the_last_digit(market: tuple[Path, Path]) -> None:
    strategies = PROJECT_ROOT / "user_data" / "strategies"
    before = sorted(path.name for path in strategies.glob("*.json"))
    command = [*COMMAND, *options(market), "--epochs", "6", "--seed", "7"]

    def start() -> Program:
        return Program(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    with ExitStack() as running:
        runs = [running.enter_context(start()) for _ in range(2)]
        outputs = [run.communicate(timeout=170) for run in runs]

    assert [run.returncode for run in runs] == [0, 0], outputs[0][1]
    assert outputs[0][0] == outputs[1][0]
    found: dict[str, Any] = json.loads(
        outputs[0][0], parse_constant=lambda name: pytest.fail(f"{name} is no JSON")
    )
    (window,) = found["windows"]
    assert window["fit"]["to"] == window["test"]["from"] == (BEGIN + 2 * DAY).isoformat()
    assert window["fitted"] is True
    assert {"buy", "sell", "indicators"} <= window["parameters"].keys()
    assert (
        window["parameters"]["indicators"]["ema_short"] != 12
        or window["parameters"]["buy"]["buy_rsi_low"] != 30
    )
    assert {"trades", "profit_pct", "max_drawdown_pct"} <= found["out_of_sample"].keys()
    assert "in_sample" not in outputs[0][0]
    assert found["verdict"].startswith("Out of sample, over 1 tests, the fitted strategy made")
    # what was fitted stays in the walk-forward: a strategy that trades keeps its own parameters
    assert sorted(path.name for path in strategies.glob("*.json")) == before


def refusal(*arguments: str) -> str:
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=150, check=False
    )
    assert (done.returncode, done.stdout) == (78, ""), done.stderr
    return done.stderr


def test_a_period_too_short_or_a_wrong_option_is_refused_before_the_work(market: tuple[Path, Path]) -> None:
    assert "expected at least 3, for one window" in refusal(*options(market, days=2))
    assert "--spaces protection" in refusal(*options(market), "--spaces", "buy,protection")
