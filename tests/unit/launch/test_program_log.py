"""Why a program does not work, from the end of its log."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from services.launch.program_log import ProgramLog, reason_in

CAUSE = "x.errors.ExchangeNotAvailable: binance GET https://api.example/time"
POINTS = "2026 - freqtrade - ERROR - Could not load markets. Please investigate the above error for details."


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], ""),
        (["no more paper", ""], "no more paper"),
        (["KeyError: 'old'", "no more paper"], "no more paper"),
        (["OSError: first", f"  {CAUSE}", "2026 - a - INFO - busy", POINTS], CAUSE),
        ([POINTS], POINTS),
        (["2026 - numexpr.utils - INFO - NumExpr defaulting to 2 threads."], ""),
    ],
)
def test_the_reason_is_the_error_that_the_end_points_to_and_never_routine(
    lines: list[str], reason: str
) -> None:
    assert reason_in(lines) == reason


def test_of_a_log_that_has_grown_for_months_only_the_end_is_read(tmp_path: Path) -> None:
    log = ProgramLog(tmp_path / "bot.log")
    with log.path.open("wb") as file:
        file.truncate(32 * 2**20)
        file.seek(0, os.SEEK_END)
        file.write(b"\nthe cause\n")
    tracemalloc.start()
    try:
        said = log.last_line(), log.reason(), log.tail(lines=1)[-9:]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert said == ("the cause", "the cause", "the cause")
    assert most < 2**20
