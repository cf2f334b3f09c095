"""Leaks planted on purpose, and which check finds which; on the strategy as it is none finds anything."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cryptoboy_sentiment as news
import pytest
from LLMSentimentStrategy import LLMSentimentStrategy

from services.common.settings.settings import Settings
from tests.support.servers.servers import running_redis
from tests.support.strategy import lookahead_leaks
from tests.support.strategy.freqtrade_offline import configure, make_user_data, markets, run, run_for_each
from tests.support.strategy.lookahead_checks import WARM_UP, parity_differences, truncation_differences
from tests.support.strategy.lookahead_leaks import (
    DatedByItsNews,
    EarlyExit,
    ForwardJoin,
    FullPeriodNormalisation,
    ShiftedColumn,
    UrgentExits,
)
from tests.support.strategy.lookahead_world import PAIRS, World, make_world
from tests.support.strategy.strategy_samples import NOON, QUARTER

pytestmark = pytest.mark.e2e

PAIR = PAIRS[0]
COUNT = WARM_UP + 700
STEPS = range(WARM_UP, WARM_UP + 40)
BEGIN = NOON + WARM_UP * QUARTER
END = NOON + COUNT * QUARTER


class Case(NamedTuple):
    """A leak: in the strategy, or in the history that it reads."""

    strategy: type[LLMSentimentStrategy]
    is_history_misdated: bool = False


CASES = {
    "no leak": Case(LLMSentimentStrategy),
    "no leak, urgent exits": Case(UrgentExits),
    "early exit": Case(EarlyExit),
    "signals dated by their news": Case(DatedByItsNews),
    "history dated by its news": Case(LLMSentimentStrategy, is_history_misdated=True),
    "forward join": Case(ForwardJoin),
    "shifted column": Case(ShiftedColumn),
    "full-period normalisation": Case(FullPeriodNormalisation),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"), COUNT, seed=5)


@pytest.fixture(scope="module")
def histories(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sentiment CSV of each case."""
    misdated = tmp_path_factory.mktemp("misdated") / "sentiment.csv"
    signals = world.signals()
    signals.assign(available_at=signals["published"]).to_csv(misdated, index=False)
    return {name: misdated if case.is_history_misdated else world.history for name, case in CASES.items()}


@pytest.fixture(scope="module")
def user_data(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for Freqtrade, and an exchange for as long as it is used."""
    folder = make_user_data(tmp_path_factory.mktemp("freqtrade") / "user_data", {PAIR: world.candles[PAIR]})
    shutil.copy(str(lookahead_leaks.__file__), folder / "strategies")
    with markets([PAIR]) as exchange:
        configure(folder, exchange, [PAIR], world.history)
        yield folder


@pytest.fixture(scope="module")
def truncation(
    world: World, histories: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> set[str]:
    folder = tmp_path_factory.mktemp("cuts")
    found = set()
    for name, case in CASES.items():
        signals = news.read_signals_csv(histories[name])
        if truncation_differences(case.strategy, world.candles[PAIR], signals, STEPS[1::3], folder):
            found.add(name)
    return found


@pytest.fixture(scope="module")
def parity(world: World, histories: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    strategies = {name: (case.strategy, histories[name]) for name, case in CASES.items()}
    with running_redis({}) as server:
        settings = Settings(
            redis_host=server.host, redis_port=server.port, state_dir=tmp_path_factory.mktemp("live")
        )
        found = parity_differences(strategies, world, settings, STEPS, [PAIR])
    return {name for name, columns in found.items() if columns}


@pytest.fixture(scope="module")
def lookahead_analysis(user_data: Path, histories: dict[str, Path]) -> set[str]:
    calls = []
    for name, case in CASES.items():
        section = {"cryptoboy": {"sentiment_csv": str(histories[name])}}
        config = user_data / f"{name.replace(' ', '-')}.json"
        config.write_text(json.dumps(section))
        trades = ["--minimum-trade-amount", "3", "--targeted-trade-amount", "3"]
        span = ["--timerange", f"{BEGIN.timestamp():.0f}-{END.timestamp():.0f}"]
        calls.append(["--config", config.name, "--strategy", case.strategy.__name__, *span, *trades])
    ran = run_for_each(user_data, "lookahead-analysis", calls)
    assert ran.returncode == 0, ran.stderr[-3000:]
    verdicts = re.findall(r" (\w+) ?: (no bias|bias) detected", ran.stderr)
    assert [strategy for strategy, _ in verdicts] == [case.strategy.__name__ for case in CASES.values()]
    return {name for name, (_, verdict) in zip(CASES, verdicts, strict=True) if verdict == "bias"}


@pytest.mark.parametrize(
    ("leak", "caught_by"),
    [
        ("no leak", set()),
        ("no leak, urgent exits", set()),
        ("early exit", {"truncation", "parity"}),
        ("signals dated by their news", {"truncation", "parity"}),
        ("history dated by its news", {"parity"}),
        ("forward join", {"truncation", "parity"}),
        ("shifted column", {"truncation", "parity", "lookahead-analysis"}),
        ("full-period normalisation", {"truncation", "parity", "lookahead-analysis"}),
    ],
)
def test_no_leak_escapes_all_checks(
    leak: str, caught_by: set[str], truncation: set[str], parity: set[str], lookahead_analysis: set[str]
) -> None:
    checks = {"truncation": truncation, "parity": parity, "lookahead-analysis": lookahead_analysis}
    assert {name for name, found in checks.items() if leak in found} == caught_by


def test_recursive_analysis_finds_indicators_that_have_settled_and_nothing_from_the_future(
    user_data: Path,
) -> None:
    span = ["--timerange", f"{BEGIN.timestamp():.0f}-{END.timestamp():.0f}", "--startup-candle", "300"]
    ran = run(user_data, "recursive-analysis", "--pairs", PAIR, *span)
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert "No lookahead bias on indicators found." in ran.stderr
    found = re.findall(r"│ +(\w+) │(.*%.*)│$", ran.stdout, re.MULTILINE)
    variances = {name: [float(cell) for cell in re.findall(r"(-?[\d.]+)%", cells)] for name, cells in found}
    assert set(variances) <= {
        "ema_short",
        "ema_long",
        "rsi",
        "macd",
        "macd_signal",
    }  # the averages without end
    assert max(abs(percent) for cells in variances.values() for percent in cells) < 0.01
