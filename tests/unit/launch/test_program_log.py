"""Why a program does not work, from the end of its log."""

from __future__ import annotations

import pytest

from services.launch.log_reason import reason_in

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
