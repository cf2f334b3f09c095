"""`./cryptoboy backtest` as its users run it, beside a plain `freqtrade backtesting` of the same."""

from __future__ import annotations

import json
import math
import re
import shutil
import signal as signals_of_unix
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest

from services.common.settings.folders import PYTHON_PATH
from services.common.settings.settings import Settings
from services.research.backtest.markets import private_exchange
from services.research.backtest.plan import STRATEGY, Plan
from services.research.backtest.strategies.freqtrade_config import freqtrade_config
from tests.support.commands import refusal
from tests.support.processes import Program
from tests.support.strategy.backtest_samples import (
    HEADLINE,
    HOUR,
    PAIRS,
    START,
    blind,
    write_candles,
    write_news,
)

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[3]
DAYS = 14
END = START + DAYS * 24 * HOUR
CONTROLS = 16
"""Enough that a second process is worth its start."""
FIGURES = (
    "trades",
    "profit_pct",
    "sharpe",
    "sortino",
    "calmar",
    "max_drawdown_pct",
    "profit_factor",
    "win_rate",
    "exposure",
    "fees",
)


def words(folder: Path, *options: str) -> list[str]:
    return [
        *("backtest", "--candles", str(folder), "--sentiment", str(folder / "news.csv")),
        *("--timeframe", "1h", "--from", f"{START:%Y-%m-%d}", "--to", f"{END:%Y-%m-%d}", *options),
    ]


def command(folder: Path, *options: str) -> list[str]:
    return [sys.executable, "-P", "-m", "services.cli", *words(folder, *options)]


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, *options),
        cwd=ROOT,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )


def environment(folder: Path) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": PYTHON_PATH}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Candles and news of twenty days."""
    folder = tmp_path_factory.mktemp("backtest")
    write_news(folder / "news.csv", write_candles(folder, DAYS), blind)
    return folder


@pytest.fixture(scope="module")
def printed(folder: Path) -> str:
    ran = run(
        folder, "--controls", str(CONTROLS), "--jobs", "2", "--html", str(folder / "page.html"), "--json"
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def found(printed: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return answer


@pytest.fixture(scope="module")
def plain(folder: Path) -> dict[str, Any]:
    """What the same `freqtrade backtesting` finds, with the strategy's files and nothing else of ours."""
    home = folder / "plain"
    shutil.copytree(
        ROOT / "user_data" / "strategies", home / "strategies", ignore=shutil.ignore_patterns("__pycache__")
    )
    plan = Plan(folder, folder / "news.csv", "1h", START, END)
    with private_exchange(PAIRS) as url:
        config = freqtrade_config(plan, tuple(sorted(PAIRS)), "USDT", url)
        (home / "config.json").write_text(
            json.dumps(config | {"strategy_path": "strategies", "export": "trades"})
        )
        ran = subprocess.run(
            [
                *(str(Path(sys.executable).with_name("freqtrade")), "backtesting", "--config", "config.json"),
                *("--userdir", ".", "--datadir", str(folder)),
            ],
            cwd=home,
            env={"PATH": "/usr/bin:/bin", "HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (archive,) = (home / "backtest_results").glob("*.zip")
    with zipfile.ZipFile(archive) as files:
        result: dict[str, Any] = json.loads(files.read(f"{archive.stem}.json"))["strategy"][STRATEGY]
    return result


def test_every_variant_has_every_figure(found: dict[str, Any]) -> None:
    assert set(found["variants"]) == {"technical", "sentiment", "combined", "buy_and_hold", "shuffled"}
    for variant in found["variants"].values():
        assert set(FIGURES) <= set(variant)
    assert found["pairs"] == sorted(PAIRS)
    assert found["period"]["from"] == START.isoformat()
    assert found["variants"]["shuffled"]["runs"] == CONTROLS == len(found["controls"]["statistics"])
    assert 1 / (1 + CONTROLS) <= found["p_value"] <= 1
    assert found["verdict"].startswith("Too few trades to say")
    assert found["rules"]["never"] == ["exit sentiment", "exit ema_down_rsi_high"]


def test_the_statistic_and_p_follow_from_the_figures_that_are_printed(found: dict[str, Any]) -> None:
    variants, controls = found["variants"], found["controls"]["statistics"]
    value = variants["combined"]["profit_pct"] - variants["technical"]["profit_pct"]
    assert found["statistic"]["value"] == value
    centre = sorted([value, *controls])[len(controls) // 2]  # an even number of controls and the observed one
    beyond = sum(abs(control - centre) >= abs(value - centre) - 1e-9 for control in controls)
    assert found["p_value"] == (1 + beyond) / (1 + len(controls))


def test_the_whole_strategy_is_what_plain_freqtrade_backtests(
    found: dict[str, Any], plain: dict[str, Any]
) -> None:
    ours = found["variants"]["combined"]
    theirs = plain | {f"{name}_closed_trades": plain[name] for name in ("sharpe", "sortino", "calmar")}
    theirs |= {
        f"{name}_daily_wallet": plain["wallet_stats"][name] for name in ("sharpe", "sortino", "calmar")
    }
    theirs["profit_total_pct"] = plain["profit_total"] * 100
    theirs["max_drawdown_account_pct"] = plain["max_drawdown_account"] * 100
    assert ours["trades"] == len(plain["trades"]) > 0
    assert ours["freqtrade"] == {name: theirs[name] for name in ours["freqtrade"]}
    assert ours["profit_pct"] == pytest.approx(theirs["profit_total_pct"], abs=1e-9)
    assert ours["win_rate"] == pytest.approx(plain["winrate"])
    assert ours["profit_factor"] == pytest.approx(plain["profit_factor"])
    reasons = pd.Series([trade["exit_reason"].split()[0] for trade in plain["trades"]]).value_counts()
    assert ours["exit_reasons"] == reasons.to_dict()


def test_the_same_seed_repeats_every_digit_with_one_process_or_two(folder: Path, printed: str) -> None:
    again = run(folder, "--controls", str(CONTROLS), "--jobs", "1", "--json")
    assert again.stdout == printed


def test_nothing_is_infinite_or_no_number(found: dict[str, Any]) -> None:
    def numbers(value: object) -> Iterator[float]:
        if isinstance(value, Mapping):
            value = list(value.values())
        if isinstance(value, list):
            for each in value:
                yield from numbers(each)
        elif isinstance(value, float):
            yield value

    assert all(math.isfinite(number) for number in numbers(found))
    assert found["variants"]["buy_and_hold"]["trades"] == len(PAIRS)


def test_the_page_holds_all_it_shows(folder: Path, found: dict[str, Any], printed: str) -> None:
    page = (folder / "page.html").read_text()
    assert found["verdict"] in page
    assert all(f"<h3>{pair}</h3>" in page for pair in PAIRS)
    assert not re.search(r"""<(script|link|img|iframe)[^>]+(src|href)=["']?(https?:)?//""", page)
    assert HEADLINE not in page
    assert "<b>Coins" not in page
    assert "Coins" in page
    assert page.rstrip().endswith("</html>")
    # What comes later must not make a chart narrower that has been drawn.
    assert re.search(r"^\.charts \{.*repeat\(auto-fill,", page, re.MULTILINE)
    assert not list(folder.glob(".*.part"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--from", "2025-06-01", "--to", "2025-05-01"), "the period is empty"),
        (("--pairs", "SOL/USDT"), "no 1h candles of SOL/USDT; expected SOL_USDT-1h.feather"),
        (("--sentiment", "{folder}/cut.csv"), "cut.csv, line 6"),
        (("--sentiment", "{folder}/nowhere.csv"), "nowhere.csv"),
    ],
)
def test_bad_input_is_named_and_leaves_nothing_that_looks_like_a_result(
    folder: Path, options: tuple[str, ...], message: str
) -> None:
    whole = (folder / "news.csv").read_text().splitlines(keepends=True)
    (folder / "cut.csv").write_text("".join(whole[:6])[:-20])
    page = folder / "bad.html"
    given = (option.format(folder=folder) for option in options)
    assert message in refusal(Settings(), *words(folder, *given, "--html", str(page), "--json"))
    assert not page.exists()


def test_ctrl_c_ends_it_with_all_its_processes_and_no_page(folder: Path) -> None:
    page = folder / "stopped.html"
    with Program(
        command(folder, "--controls", "5000", "--jobs", "2", "--html", str(page), "--json"),
        cwd=ROOT,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as process:
        workers: list[psutil.Process] = []
        while (
            process.poll() is None and len(workers) < 3
        ):  # two, and the one that keeps track of what they share
            time.sleep(0.05)
            workers = psutil.Process(process.pid).children()
        process.send_signal(signals_of_unix.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert "cryptoboy: stopped by Ctrl-C or SIGTERM; nothing of it is left running\n" in err
    assert not page.exists()
    assert not psutil.wait_procs(workers, timeout=60)[1]
