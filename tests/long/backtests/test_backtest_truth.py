"""Whether the verdict tells news that knows the future from news that knows nothing, by the real Freqtrade."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from cryptoboy_sentiment import read_signals_csv

from services.research.backtest.account import Figures, equity_of, figures_of
from services.research.backtest.control import Controls
from services.research.backtest.engine import Engine
from services.research.backtest.markets import private_exchange
from services.research.backtest.plan import Plan, Variant
from services.research.backtest.shift import random_offsets
from services.research.backtest.strategies.freqtrade_config import freqtrade_config
from services.research.backtest.verdict import Conclusion, verdict_of
from tests.support.strategy.backtest_samples import (
    HOUR,
    PAIRS,
    START,
    Scores,
    blind,
    knowing,
    misled,
    write_candles,
    write_news,
)

pytestmark = pytest.mark.e2e

DAYS = 32
CONTROLS = 19
WALLET = 1000.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("candles")


@pytest.fixture(scope="module")
def candles(folder: Path) -> dict[str, pd.DataFrame]:
    return write_candles(folder, DAYS, seed=2)


@pytest.fixture(scope="module")
def engine(folder: Path, candles: dict[str, pd.DataFrame]) -> Iterator[Engine]:
    end = START + DAYS * 24 * HOUR
    csv = write_news(folder / "blind.csv", candles, blind)
    plan = Plan(folder, csv, "1h", START, end, wallet=WALLET, protections=False)
    with (
        private_exchange(PAIRS) as url,
        Engine(freqtrade_config(plan, PAIRS, "USDT", url), folder) as loaded,
    ):
        yield loaded


def figures(engine: Engine, variant: Variant, signals: pd.DataFrame | None = None) -> Figures:
    ran = engine.run(variant, signals)
    return figures_of(ran.trades, equity_of(ran, WALLET, HOUR, "USDT"))


@pytest.mark.parametrize(
    ("scores", "outcome"),
    [(knowing, Conclusion.HELPED), (misled, Conclusion.HURT), (blind, Conclusion.CHANCE)],
)
def test_the_verdict_knows_news_of_the_future_from_news_of_nothing(
    folder: Path, candles: dict[str, pd.DataFrame], engine: Engine, scores: Scores, outcome: Conclusion
) -> None:
    # One draw of blind news in twenty passes for help or harm; this one, as most, does not.
    signals = read_signals_csv(write_news(folder / f"{outcome}.csv", candles, scores, seed=4))
    alone = figures(engine, Variant.TECHNICAL).profit_pct
    combined = figures(engine, Variant.COMBINED, signals)
    controls = Controls({"dry_run_wallet": WALLET, "stake_currency": "USDT"}, folder, signals, HOUR)
    offsets = random_offsets(DAYS * 24, HOUR, CONTROLS, seed=1)
    chance = [controls.one(engine, offset).profit_pct - alone for offset in offsets]
    verdict = verdict_of(combined.trades, combined.profit_pct - alone, chance, "in a test")
    assert verdict.outcome is outcome, verdict.sentence


def test_a_whole_turn_of_the_news_changes_nothing(
    folder: Path, candles: dict[str, pd.DataFrame], engine: Engine
) -> None:
    signals = read_signals_csv(write_news(folder / "turned.csv", candles, blind))
    controls = Controls({"dry_run_wallet": WALLET, "stake_currency": "USDT"}, folder, signals, HOUR)
    assert controls.one(engine, 0) == figures(engine, Variant.COMBINED, signals)
    assert controls.one(engine, DAYS * 24) == controls.one(engine, 0)


def test_the_technical_rules_alone_never_look_at_news(
    folder: Path, candles: dict[str, pd.DataFrame], engine: Engine
) -> None:
    news = [read_signals_csv(write_news(folder / "any.csv", candles, scores)) for scores in (knowing, misled)]
    first, second = (engine.run(Variant.TECHNICAL, signals).trades for signals in news)
    assert len(first) > 0
    tags = ["enter_tag", "exit_reason"]  # which name the sentiment at the time
    pd.testing.assert_frame_equal(
        first.drop(columns=[*tags, "orders"]), second.drop(columns=[*tags, "orders"])
    )


def test_runs_leave_no_trace_in_one_another(engine: Engine) -> None:
    before = figures(engine, Variant.COMBINED)
    hold = engine.run(Variant.BUY_AND_HOLD).trades
    assert figures(engine, Variant.SENTIMENT).trades > before.trades
    assert figures(engine, Variant.COMBINED) == before
    assert sorted(hold["pair"]) == sorted(PAIRS)
    assert set(hold["open_date"]) == {pd.Timestamp(START + HOUR)}
    assert set(hold["exit_reason"]) == {"force_exit"}
