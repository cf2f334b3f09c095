"""What a backtest could have found, and how long it should have been."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from services.research.backtest.power import in_words, power_of
from services.research.backtest.verdict import SIGNIFICANCE, p_value

YEAR = timedelta(days=365.25)
SPREAD = 1.5
DRAWN = np.random.default_rng(1).normal(size=199)
CONTROLS = 0.4 + SPREAD * (DRAWN - DRAWN.mean()) / DRAWN.std(ddof=1)


def test_an_effect_of_the_smallest_size_is_found_in_about_four_of_five_periods() -> None:
    power = power_of(10, YEAR, list(CONTROLS))
    assert power.smallest_effect is not None
    assert power.smallest_effect == pytest.approx(2.8016 * SPREAD, rel=1e-4)
    generator = np.random.default_rng(2)
    found = [
        p_value(
            0.4 + power.smallest_effect + generator.normal(0, SPREAD),
            generator.normal(0.4, SPREAD, 199).tolist(),
        )
        <= SIGNIFICANCE
        for _ in range(1500)
    ]
    assert np.mean(found) == pytest.approx(0.8, abs=0.05)


def test_the_months_are_those_in_which_thirty_trades_are_made_at_the_same_rate() -> None:
    power = power_of(10, YEAR / 6, list(CONTROLS))
    assert power.trades_per_month == pytest.approx(5.0)
    assert power.months_needed == pytest.approx(6.0)
    assert "At this rate 30 trades take about 6.0 months." in in_words(power)


def test_without_a_trade_no_length_is_named_and_without_a_difference_no_effect() -> None:
    power = power_of(0, YEAR, [0.0] * 199)
    assert power.months_needed is None
    assert power.smallest_effect is None
    assert in_words(power) == (
        "It made no trade at all, so no period can be named that is long enough. "
        "The controls do not differ, so no effect of any size could have been seen."
    )
