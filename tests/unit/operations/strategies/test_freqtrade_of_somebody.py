"""Which Freqtrade a strategy is checked with, and what is said of one that does not answer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.operations.strategies import check, freqtrade_python
from services.operations.strategies.check import StrategyReport, check_strategy
from services.operations.strategies.freqtrade_python import python_of_freqtrade


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def checked(tmp_path: Path, python: Path, seconds: float = 30) -> StrategyReport:
    (tmp_path / "user_data" / "strategies").mkdir(parents=True, exist_ok=True)
    return check_strategy(tmp_path / "user_data", "Mine", "", freqtrade=python, seconds=seconds)


def test_the_python_is_the_one_beside_the_program_or_in_its_first_line(tmp_path: Path) -> None:
    venv = program(tmp_path / "venv/bin/python", "").parent
    freqtrade = program(venv / "freqtrade", "#!/bin/sh\n")
    link = tmp_path / "link"
    link.symlink_to(freqtrade)
    of_user = program(tmp_path / "local/freqtrade", "#!/usr/bin/python3.12 -s\n")
    wanted = {freqtrade: venv / "python", link: venv / "python", of_user: Path("/usr/bin/python3.12")}
    wanted |= {tmp_path / "venv": venv / "python", venv / "python": venv / "python"}
    assert {given: python_of_freqtrade(given) for given in wanted} == wanted


def test_without_a_path_it_is_that_of_the_path_before_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert python_of_freqtrade(None) == Path(sys.executable)
    program(tmp_path / "bin/freqtrade", "#!/bin/sh\n")
    python = program(tmp_path / "bin/python", "")
    assert python_of_freqtrade(None) == python


def test_where_there_is_none_the_ways_out_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(freqtrade_python, "find_spec", lambda _name: None)
    with pytest.raises(StopProgram, match=r"--freqtrade PATH.*\./cryptoboy trade --help"):
        python_of_freqtrade(None)
    with pytest.raises(StopProgram, match="there is nothing"):
        python_of_freqtrade(tmp_path / "nowhere")


def test_one_that_does_not_end_is_ended_and_said(tmp_path: Path) -> None:
    python = program(tmp_path / "python", "#!/bin/sh\nsleep 600\n")
    (check, *_) = checked(tmp_path, python, seconds=0.3).checks
    assert (check.state, check.found) == (
        "failed",
        "no answer within 0 s; does the strategy wait for anything?",
    )


def test_the_last_words_of_one_that_cannot_run_the_question_are_shown(tmp_path: Path) -> None:
    python = program(tmp_path / "python", "#!/bin/sh\necho Unknown option: -P >&2; exit 2\n")
    report = checked(tmp_path, python)
    assert not report.ok
    assert report.checks[0].found.endswith("ended without an answer: Unknown option: -P")
    nothing = checked(tmp_path, program(tmp_path / "other/python", "no program")).checks[0]
    assert "cannot be run" in nothing.found


@pytest.mark.parametrize(("named", "is_ours"), [(None, True), (Path(sys.executable), False)])
def test_our_own_freqtrade_is_noticed_unless_it_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: Path | None, *, is_ours: bool
) -> None:
    (tmp_path / "strategies").mkdir()
    asked = {"python": sys.executable, "freqtrade": "2026.9"}
    monkeypatch.setattr(check, "python_of_freqtrade", lambda _given: Path(sys.executable))
    monkeypatch.setattr(check, "_ask", lambda *_: dict(asked))
    found = check_strategy(tmp_path, "Mine", "", freqtrade=named).checks[0]
    assert (found.state == "warning") == is_ours
