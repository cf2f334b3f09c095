"""What is said about sentiment, and when it is not."""

from __future__ import annotations

import numpy as np
import pytest

from services.research.backtest.verdict import Conclusion, p_value, verdict_of

WHEN = "from 2025-05-01 to 2025-07-01"
CHANCE = [float(value) for value in np.linspace(-3, 3, 199)]


def test_p_counts_the_controls_that_lie_as_far_from_the_centre_on_either_side() -> None:
    # The centre of -2, -1, 0, 1, 2 and 1.5 is 0.5: -2, -1 and 2 lie at least 1 away from it.
    assert p_value(1.5, [-2.0, -1.0, 0.0, 1.0, 2.0]) == (1 + 3) / (1 + 5)


def test_the_most_extreme_of_199_has_a_p_of_one_in_200_whichever_its_side() -> None:
    assert p_value(9.0, CHANCE) == 1 / 200
    assert p_value(-9.0, CHANCE) == 1 / 200


def test_a_difference_that_chance_always_makes_has_a_p_of_one() -> None:
    assert p_value(0.0, [0.0] * 199) == 1.0
    assert p_value(0.1 + 0.2, [0.3] * 199) == 1.0


def test_p_is_even_when_the_observed_is_one_of_the_controls() -> None:
    generator = np.random.default_rng(4)
    found = [p_value(values[0], values[1:]) for values in generator.normal(size=(4000, 20)).tolist()]
    for level in (0.05, 0.1, 0.5):
        assert np.mean(np.array(found) <= level + 1e-12) == pytest.approx(level, abs=0.025)


@pytest.mark.parametrize("trades", [0, 1, 29])
def test_below_30_trades_nothing_is_said_however_clear_it_looks(trades: int) -> None:
    verdict = verdict_of(trades, 50.0, CHANCE, WHEN)
    assert verdict.outcome is Conclusion.TOO_FEW
    assert verdict.sentence.startswith(
        f"Too few trades to say whether sentiment helped: {trades} with sentiment"
    )


@pytest.mark.parametrize(
    ("difference", "controls", "outcome", "words"),
    [
        (
            9.0,
            CHANCE,
            Conclusion.HELPED,
            "Sentiment helped: with it, the technical rules made 9.00 percentage points more",
        ),
        (
            -9.0,
            CHANCE,
            Conclusion.HURT,
            "Sentiment hurt: with it, the technical rules made 9.00 percentage points less",
        ),
        (1.0, CHANCE, Conclusion.CHANCE, "What sentiment did cannot be told from chance"),
        (
            2.0,
            [value + 2 for value in CHANCE],
            Conclusion.CHANCE,
            "2.00 percentage points more profit than alone",
        ),
        (-1.0, [value - 20 for value in CHANCE], Conclusion.MIXED, "better times than chance would have it"),
        (1.0, [value + 20 for value in CHANCE], Conclusion.MIXED, "worse times than chance would have it"),
    ],
)
def test_help_and_harm_are_said_only_of_what_stands_out_and_has_their_sign(
    difference: float, controls: list[float], outcome: Conclusion, words: str
) -> None:
    verdict = verdict_of(30, difference, controls, WHEN)
    assert verdict.outcome is outcome
    assert words in verdict.sentence
    assert WHEN in verdict.sentence


def test_a_few_controls_can_never_show_help() -> None:
    assert verdict_of(100, 99.0, [0.0] * 18, WHEN).outcome is Conclusion.CHANCE
    assert verdict_of(100, 99.0, [0.0] * 19, WHEN).outcome is Conclusion.HELPED
