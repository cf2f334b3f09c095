"""Computes figures of a classification with intervals: accuracy, precision, recall, F1, confusion and reliability.

An abstention counts as an error: it lowers accuracy and recall, but not precision.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.research.evaluate.labelled import Sentiment
from services.research.evaluate.predict import Prediction

CLASSES = tuple(Sentiment)
ABSTAINED = "abstained"
CONFIDENCE = 0.95
BINS = 5

Interval = tuple[float, float]
Counts = npt.NDArray[np.float64]


class ClassFigures(NamedTuple):
    """The figures of one class: its precision, its recall, and F1, their harmonic mean."""

    precision: float
    recall: float
    f1: float
    n: int


class Bin(NamedTuple):
    """The predictions with a confidence in [low, high): their number, mean confidence and share of correct ones."""

    low: float
    high: float
    n: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one run over one set of labelled texts.

    Attributes:
        confusion: the confusion matrix, with one row for each labelled class of `CLASSES`, one column for each
            predicted class, and a last column for abstentions.
        accuracy: the share of the texts that are classified right.
        macro_f1: the mean F1 of the classes that are labelled or predicted at least once.
        reliability: the bins of confidence that are not empty; there are no bins if the predictions have no
            confidence.
        calibration_error: the mean distance of confidence and share correct, weighted by bin size (expected
            calibration error: Guo, Pleiss, Sun and Weinberger, 2017); None if the predictions have no confidence.
    """

    n: int
    confusion: tuple[tuple[int, ...], ...]
    classes: dict[Sentiment, ClassFigures]
    accuracy: float
    accuracy_interval: Interval
    macro_f1: float
    macro_f1_interval: Interval
    abstained: int
    reliability: tuple[Bin, ...]
    calibration_error: float | None


def figures_of(
    labels: Sequence[Sentiment], predictions: Sequence[Prediction], *, resamples: int, seed: int
) -> Figures:
    """Compute all figures of one run. The same arguments give the same intervals.

    Intervals are percentiles of resampled texts (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993,
    chapter 13). Drawing texts with replacement equals a multinomial draw over the cells of the confusion matrix.
    """
    counted = Counter(
        (label, prediction.sentiment) for label, prediction in zip(labels, predictions, strict=True)
    )
    confusion = np.array(
        [[counted[label, said] for said in (*CLASSES, None)] for label in CLASSES], dtype=np.float64
    )
    n = len(labels)
    draws = np.random.default_rng(seed).multinomial(n, confusion.ravel() / n, size=resamples)
    resampled = draws.reshape(resamples, *confusion.shape).astype(np.float64)
    precision, recall, f1, present = (part[0] for part in _per_class(confusion[np.newaxis]))
    reliability = _reliability(labels, predictions)
    return Figures(
        n=n,
        confusion=tuple(tuple(int(cell) for cell in row) for row in confusion),
        classes={
            label: ClassFigures(float(precision[i]), float(recall[i]), float(f1[i]), int(confusion[i].sum()))
            for i, label in enumerate(CLASSES)
        },
        accuracy=float(_accuracy(confusion[np.newaxis])[0]),
        accuracy_interval=_interval(_accuracy(resampled)),
        macro_f1=float(f1.sum() / present.sum()),
        macro_f1_interval=_interval(_macro_f1(resampled)),
        abstained=int(confusion[:, -1].sum()),
        reliability=reliability,
        calibration_error=_calibration_error(reliability),
    )


def _accuracy(confusion: Counts) -> Counts:
    right: Counts = np.einsum("kii->k", confusion[:, :, : len(CLASSES)])
    shares: Counts = right / confusion.sum(axis=(1, 2))
    return shares


def _per_class(confusion: Counts) -> tuple[Counts, Counts, Counts, Counts]:
    """Return precision, recall, F1 and presence of each class in each matrix; a ratio with denominator 0 is 0."""
    right = np.einsum("kii->ki", confusion[:, :, : len(CLASSES)])
    labelled = confusion.sum(axis=2)
    said = confusion[:, :, : len(CLASSES)].sum(axis=1)
    present = ((labelled + said) > 0).astype(np.float64)
    return _share(right, said), _share(right, labelled), _share(2 * right, labelled + said), present


def _share(part: Counts, whole: Counts) -> Counts:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _macro_f1(confusion: Counts) -> Counts:
    _, _, f1, present = _per_class(confusion)
    return _share(f1.sum(axis=1), present.sum(axis=1))


def _interval(values: Counts) -> Interval:
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def _reliability(labels: Sequence[Sentiment], predictions: Sequence[Prediction]) -> tuple[Bin, ...]:
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for label, prediction in zip(labels, predictions, strict=True):
        if prediction.confidence is not None:
            index = min(BINS - 1, int(prediction.confidence * BINS))
            bins[index].append((prediction.confidence, prediction.sentiment is label))
    return tuple(
        Bin(
            index / BINS,
            (index + 1) / BINS,
            len(held),
            sum(confidence for confidence, _ in held) / len(held),
            sum(right for _, right in held) / len(held),
        )
        for index, held in enumerate(bins)
        if held
    )


def _calibration_error(reliability: Sequence[Bin]) -> float | None:
    n = sum(one.n for one in reliability)
    return sum(one.n * abs(one.confidence - one.right) for one in reliability) / n if n else None
