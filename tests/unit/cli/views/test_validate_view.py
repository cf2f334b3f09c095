"""What `history validate` shows: what matters is not to be searched for."""

from __future__ import annotations

import pytest

from services.cli.views.validate import Run, conclusion, lines_about, runs_of
from services.research.history.validation.findings import Finding, Level

PAIRS = ("BTC/USDT", "ETH/USDT")


def test_months_without_news_are_one_row_for_all_pairs_that_are_alike() -> None:
    cells = {
        (month, pair): {"candles 1h": 700} for month in ("2024-11", "2024-12", "2025-01") for pair in PAIRS
    }
    news = {("2025-02", pair): {"candles 1h": 672, "signals": 5} for pair in PAIRS}

    assert runs_of(cells | news) == [
        Run("2024-11", "2025-01", PAIRS, {"candles 1h": 2100}),
        *(Run("2025-02", "2025-02", (pair,), {"candles 1h": 672, "signals": 5}) for pair in PAIRS),
    ]


@pytest.mark.parametrize(
    ("month", "counts"),
    [
        ("2025-03", {"candles 1h": 700}),
        ("2025-02", {"candles 1m": 700}),
        ("2025-02", {"candles 1h": 700, "hours with fresh sentiment": 1}),
    ],
)
def test_a_gap_other_candles_and_news_that_is_still_fresh_end_a_run(
    month: str, counts: dict[str, int]
) -> None:
    cells = {("2025-01", "BTC/USDT"): {"candles 1h": 700}, (month, "BTC/USDT"): counts}
    assert len(runs_of(cells)) == 2


def test_a_warning_says_its_share_first_and_its_first_case_on_a_line_of_its_own() -> None:
    finding = Finding(Level.WARNING, "stale_at_once", "sentiment.csv", 4652, "line 10: too old")
    assert list(lines_about(finding, 21_642)) == [
        "warning: sentiment.csv: stale at once, 4,652 of 21,642 signals (21.50%)",
        "    line 10: too old",
    ]


def test_the_conclusion_says_whether_the_data_will_do() -> None:
    assert conclusion(0, 4) == "Fit for a backtest; 4 warnings."
    assert conclusion(1, 0) == "Not fit for a backtest; 1 error, no warnings."
