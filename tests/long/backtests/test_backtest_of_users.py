"""`./cryptoboy backtest --user-data` of a strategy that is not ours, beside a plain `freqtrade backtesting`."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from services.common.errors import StopProgram
from services.common.settings.folders import PYTHON_PATH
from services.research.backtest.control import Controls
from services.research.backtest.engine import Engine
from services.research.backtest.inputs import read_inputs
from services.research.backtest.markets import private_exchange
from services.research.backtest.plan import Plan, Variant
from services.research.backtest.shift import shifted
from services.research.backtest.strategies.freqtrade_config import freqtrade_config
from services.research.backtest.strategies.planning import plan_of
from services.research.backtest.strategies.user_data import read_user_data
from tests.support.strategy.backtest_samples import HOUR, START
from tests.support.strategy.somebodys_directory import write_user_data

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[3]
DAYS = 10
END = START + DAYS * 24 * HOUR
PAIRS = ("BTC/USDT", "ETH/USDT")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_user_data(tmp_path_factory.mktemp("users") / "user_data", DAYS)


def environment(folder: Path) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "HOME": str(folder.parent), "PYTHONPATH": PYTHON_PATH}


@pytest.fixture(scope="module")
def ran(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [
        *(sys.executable, "-P", "-m", "services.cli", "backtest", "--user-data", str(folder)),
        *("--strategy", "Cross", "--sentiment", str(folder / "news.csv"), "--no-protections"),
        *("--from", f"{START:%Y-%m-%d}", "--to", f"{END:%Y-%m-%d}", "--controls", "3", "--jobs", "1"),
        *("--html", str(folder.parent / "page.html"), "--json"),
    ]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(folder), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "data", "news.csv", "strategies"]
    return done


@pytest.fixture(scope="module")
def found(ran: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(ran.stdout)
    return answer


@pytest.fixture(scope="module")
def plain(folder: Path) -> dict[str, Any]:
    """What `freqtrade backtesting` finds for the strategy with the mixin and for the one without it."""
    home = folder.parent / "plain"
    home.mkdir()
    with private_exchange(PAIRS) as url:
        config = freqtrade_config(plan(folder, "Cross"), PAIRS, "USDT", url) | {"dry_run_wallet": 2000}
        (home / "config.json").write_text(json.dumps(config | {"export": "trades"}))
        done = subprocess.run(
            [
                *(
                    str(Path(sys.executable).with_name("freqtrade")),
                    "backtesting",
                    "--strategy-list",
                    "Cross",
                    "Bare",
                ),
                *("--config", str(home / "config.json"), "--userdir", str(folder)),
                *("--datadir", str(folder / "data" / "binance"), "--backtest-directory", str(home)),
            ],
            cwd=home,
            env=environment(folder),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    (archive,) = home.glob("*.zip")
    with zipfile.ZipFile(archive) as files:
        strategies: dict[str, Any] = json.loads(files.read(f"{archive.stem}.json"))["strategy"]
    return strategies


def plan(folder: Path, strategy: str) -> Plan:
    given = {"sentiment": folder / "news.csv", "start": START, "end": END, "protections": False}
    return plan_of(read_user_data(folder, (), strategy), given)


@contextmanager
def engine_of(wanted: Plan) -> Iterator[tuple[Controls, Engine]]:
    inputs = read_inputs(wanted)
    with private_exchange(PAIRS) as url:
        config = freqtrade_config(wanted, PAIRS, "USDT", url)
        controls = Controls(config, wanted.candles, inputs.signals, HOUR, wanted.changes, wanted.user_data)
        with controls.engine() as engine:
            yield controls, engine


@pytest.mark.parametrize(("variant", "strategy"), [("technical", "Bare"), ("combined", "Cross")])
def test_the_strategy_alone_and_with_news_trades_as_freqtrade_backtests_it(
    found: dict[str, Any], plain: dict[str, Any], variant: str, strategy: str
) -> None:
    ours, theirs = found["variants"][variant], plain[strategy]
    assert ours["trades"] == len(theirs["trades"]) > 5
    assert ours["freqtrade"]["profit_total_abs"] == theirs["profit_total_abs"]
    assert ours["freqtrade"]["final_balance"] == theirs["final_balance"]
    assert ours["freqtrade"]["rejected_signals"] == theirs["rejected_signals"]


def test_the_answer_has_what_it_has_for_ours_and_the_strategys_own_settings(
    folder: Path, found: dict[str, Any], ran: subprocess.CompletedProcess[str]
) -> None:
    assert set(found["variants"]) == {"technical", "combined", "buy_and_hold", "shuffled"}
    assert found["strategy"] == "Cross"
    assert found["pairs"] == list(PAIRS)
    assert found["timeframe"] == "1h"
    assert (found["assumptions"]["stake"], found["assumptions"]["wallet"]) == (300, 2000)
    assert found["variants"]["buy_and_hold"]["trades"] == 2
    assert found["rules"]["blocked"]["score"]["candles"] > 100
    assert found["effect"]["left_out"] > 0
    assert [row["name"] for row in found["signals"]["thresholds"]] == ["veto_below", "exit_below"]
    assert "for: veto, exit" in found["method"]["variants"]["combined"]
    assert "Without candles, and so left out: SOL/USDT." in found["notes"]
    assert found["verdict"] in (folder.parent / "page.html").read_text()
    assert ran.stderr.count("cross.py is read") == 1  # not once for each control, and not in the answer


@pytest.mark.parametrize(("strategy", "reads_news"), [("Cross", False), ("Mood", True), ("Keeping", True)])
def test_a_control_is_the_backtest_of_the_strategy_on_the_shifted_news(
    folder: Path, strategy: str, reads_news: bool
) -> None:
    wanted = plan(folder, strategy)
    with engine_of(wanted) as (controls, engine):
        assert engine.reads_news is reads_news
        whole = engine.run(Variant.COMBINED)
        news = shifted(controls.signals, engine.start, engine.last + HOUR, 50 * HOUR)
        control = engine.run(Variant.COMBINED, news)
        again = engine.run(Variant.COMBINED)
        with replace(controls, signals=news).engine() as fresh:
            expected = fresh.run(Variant.COMBINED)
    pd.testing.assert_frame_equal(again.trades, whole.trades)
    pd.testing.assert_frame_equal(control.trades, expected.trades)
    assert not control.trades["open_date"].equals(whole.trades["open_date"])


def test_an_error_of_the_strategy_is_shown_with_its_place_and_what_to_do(folder: Path) -> None:
    with pytest.raises(StopProgram) as stopped, engine_of(plan(folder, "Misspelt")) as (_, engine):
        engine.run(Variant.TECHNICAL)
    said = str(stopped.value)
    assert said.startswith("the strategy Misspelt failed with KeyError: 'fats', at ")
    assert "trend/cross.py, line" in said
    assert "in populate_entry_trend" in said
    assert "freqtrade backtesting --strategy Misspelt" in said


def test_thresholds_of_the_section_and_parameters_of_the_strategy_change_what_it_trades(folder: Path) -> None:
    wanted = plan(folder, "Cross")
    trades = []
    for changes in ({}, {"veto_below": "-0.95", "use": "veto"}, {"buy_span": "12"}):
        with engine_of(replace(wanted, changes=changes)) as (_, engine):
            trades.append(len(engine.run(Variant.COMBINED).trades))
            alone = len(engine.run(Variant.TECHNICAL).trades)
            if "veto_below" in changes:
                assert trades[-1] == alone  # no news is as bad as that
    assert len(set(trades)) == 3
    with (
        pytest.raises(StopProgram, match="did you mean buy_span"),
        engine_of(replace(wanted, changes={"buy_spam": "1"})),
    ):
        pass
