"""`cryptoboy history study` as its users run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.common.settings.settings import PROJECT_ROOT, Settings
from tests.support.commands import printed, refusal
from tests.support.research.study_samples import made_up_market, write_market

pytestmark = pytest.mark.e2e
STUDY = (sys.executable, "-m", "services.cli", "history", "study")


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_market(tmp_path_factory.mktemp("market"), *made_up_market(0.3, days=25))


@pytest.fixture(scope="module")
def answer(market: tuple[Path, Path]) -> str:
    done = run(*STUDY, "--candles", market[0], "--sentiment", market[1], "--resamples", 100, "--json")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_answer_is_one_json_object_without_nan(answer: str) -> None:
    found = json.loads(answer, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert found["pairs"] == ["BTC/USDT", "ETH/USDT"]
    assert found["timeframe"] == "1h"
    assert found["signals"]["events"] == found["signals"]["rows"] == 2 * 25 * 24
    assert {
        "period",
        "signals",
        "method",
        "horizons",
        "cells",
        "decay",
        "multiple_testing",
        "verdict",
    } <= found.keys()
    assert found["verdict"].startswith("Higher scores were followed by higher returns over 1h")


def test_the_script_says_the_same_and_writes_the_page(
    market: tuple[Path, Path], answer: str, tmp_path: Path
) -> None:
    page = tmp_path / "study.html"
    script = PROJECT_ROOT / "scripts" / "study.py"
    inputs = ("--candles", market[0], "--sentiment", market[1], "--resamples", 100)
    done = run(sys.executable, script, *inputs, "--html", page, "--json")
    assert (done.returncode, done.stdout) == (0, answer)
    assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert list(tmp_path.iterdir()) == [page]


def test_a_person_gets_tables_that_fit_and_the_verdict(market: tuple[Path, Path]) -> None:
    inputs = ("--candles", str(market[0]), "--sentiment", str(market[1]))
    found = printed(Settings(), "history", "study", *inputs, "--resamples", "100", "--pairs", "BTC/USDT")
    rows = [line for line in found.splitlines() if "  " in line.strip()]  # sentences are not wrapped
    assert rows
    assert max(map(len, rows)) <= 80
    for text in ("very_bearish", "apart", "Entering late", "not measurable", "Not shown:"):
        assert text in found


def refused(market: tuple[Path, Path], *changes: object, **files: Path) -> str:
    places = {"candles": market[0], "sentiment": market[1]} | files
    given = [part for name, path in places.items() for part in (f"--{name}", path)]
    return refusal(Settings(), "history", "study", *map(str, (*given, *changes)), "--json")


def test_wrong_input_is_refused_by_file_line_and_expectation(
    market: tuple[Path, Path], tmp_path: Path
) -> None:
    cut = tmp_path / "cut.csv"
    text = market[1].read_text(encoding="utf-8")
    cut.write_text(text[: len(text) // 2], encoding="utf-8")
    page = tmp_path / "page.html"

    assert f"{cut}, line 6" in refused(market, "--html", page, sentiment=cut)
    assert "nowhere.csv" in refused(market, sentiment=tmp_path / "nowhere.csv")
    assert "SOL_USDT-1h.feather" in refused(market, "--pairs", "SOL/USDT", "--timeframe", "1h")
    assert "the period is empty" in refused(market, "--from", "2025-05-02", "--to", "2025-05-02")
    assert "expected signals inside the candles" in refused(
        market, "--from", "2024-01-01", "--to", "2024-02-01"
    )
    assert not page.exists()


def test_a_page_that_cannot_be_written_is_refused_before_the_work(
    market: tuple[Path, Path], tmp_path: Path
) -> None:
    inputs = ("--candles", market[0], "--sentiment", market[1])
    done = run(*STUDY, *inputs, "--html", tmp_path / "none" / "page.html", "--json")
    assert (done.returncode, done.stdout) == (os.EX_CONFIG, "")
    assert "make it first" in done.stderr
    assert "Traceback" not in done.stderr
