from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.research.evaluate.figures import CLASSES, Bin, Figures, figures_of
from services.research.evaluate.labelled import Sentiment
from services.research.evaluate.predict import Prediction

GOOD, EVEN, BAD = Sentiment.POSITIVE, Sentiment.NEUTRAL, Sentiment.NEGATIVE


def figures(labels: Sequence[Sentiment], said: Sequence[Sentiment | None]) -> Figures:
    return figures_of(labels, [Prediction(one) for one in said], resamples=200, seed=3)


def test_figures_of_a_small_set_counted_by_hand() -> None:
    found = figures(
        [GOOD, GOOD, GOOD, EVEN, EVEN, BAD, BAD, BAD],
        [GOOD, GOOD, EVEN, EVEN, BAD, BAD, GOOD, None],
    )

    assert found.confusion == ((2, 1, 0, 0), (0, 1, 1, 0), (1, 0, 1, 1))
    assert found.accuracy == pytest.approx(4 / 8)
    assert found.classes[GOOD] == pytest.approx((2 / 3, 2 / 3, 2 / 3, 3))
    assert found.classes[EVEN] == pytest.approx((1 / 2, 1 / 2, 1 / 2, 2))
    assert found.classes[BAD] == pytest.approx((1 / 2, 1 / 3, 2 / 5, 3))
    assert found.macro_f1 == pytest.approx((2 / 3 + 1 / 2 + 2 / 5) / 3)
    assert found.abstained == 1


def test_an_abstention_is_an_error_that_lowers_recall_and_no_precision() -> None:
    found = figures([GOOD, GOOD, BAD, BAD], [GOOD, None, BAD, None])

    assert found.accuracy == 0.5
    assert found.classes[GOOD].precision == 1.0
    assert found.classes[GOOD].recall == 0.5


def test_a_class_that_nobody_labelled_or_said_does_not_count_in_the_mean() -> None:
    assert figures([GOOD, BAD], [GOOD, BAD]).macro_f1 == 1.0


def test_a_class_that_is_said_without_being_labelled_counts_as_zero() -> None:
    assert figures([GOOD, GOOD], [GOOD, EVEN]).macro_f1 == pytest.approx((2 / 3 + 0) / 2)


def test_a_scorer_that_always_abstains_has_no_score_and_no_reliability() -> None:
    found = figures([GOOD, EVEN], [None, None])

    assert (found.accuracy, found.macro_f1, found.abstained) == (0.0, 0.0, 2)
    assert found.reliability == ()
    assert found.calibration_error is None


def test_confidence_is_held_against_the_share_that_is_right() -> None:
    predictions = [Prediction(GOOD, 0.9), Prediction(GOOD, 1.0), Prediction(BAD, 0.3), Prediction(None)]

    found = figures_of([GOOD, EVEN, EVEN, EVEN], predictions, resamples=100, seed=1)

    low, high = found.reliability
    assert low == pytest.approx(Bin(0.2, 0.4, 1, 0.3, 0.0))
    assert high == pytest.approx(Bin(0.8, 1.0, 2, 0.95, 0.5))
    assert found.calibration_error == pytest.approx((0.3 * 1 + 0.45 * 2) / 3)


def test_the_interval_of_the_accuracy_is_as_wide_as_theory_says() -> None:
    labels: Sequence[Sentiment] = [GOOD] * 400
    said: Sequence[Sentiment] = [GOOD] * 200 + [BAD] * 200

    found = figures_of(labels, [Prediction(one) for one in said], resamples=4000, seed=1)

    reach = 1.96 * (0.25 / 400) ** 0.5
    assert found.accuracy_interval == pytest.approx((0.5 - reach, 0.5 + reach), abs=0.008)


def test_the_same_seed_repeats_the_intervals_and_another_does_not() -> None:
    labels = [GOOD, EVEN, BAD] * 30
    said = [Prediction(one) for one in [GOOD, BAD, BAD, EVEN, EVEN] * 18]

    first, again, other = (figures_of(labels, said, resamples=200, seed=seed) for seed in (1, 1, 2))

    assert first == again
    assert first.macro_f1_interval != other.macro_f1_interval


said_classes = st.one_of(st.none(), st.sampled_from(CLASSES))


@given(st.lists(st.tuples(st.sampled_from(CLASSES), said_classes), min_size=1, max_size=60))
def test_every_figure_lies_between_nothing_and_all(pairs: list[tuple[Sentiment, Sentiment | None]]) -> None:
    found = figures([label for label, _ in pairs], [said for _, said in pairs])

    low, high = found.macro_f1_interval
    assert 0 <= low <= high <= 1
    assert 0 <= found.macro_f1 <= 1
    assert sum(map(sum, found.confusion)) == found.n == len(pairs)
    assert found.accuracy == pytest.approx(sum(label == said for label, said in pairs) / len(pairs))
