"""Draws the conclusion from the figures, in one sentence, without input or output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

MIN_TRADES = 30
SIGNIFICANCE = 0.05
_TIE = 1e-9
"""The difference, in percentage points, up to which two statistics count as equal because only rounding differs."""

P_VALUE_RULE = (
    "Two-sided p = (1 + k) / (1 + N): k of the N controls lie at least as far from the centre as the observed "
    "difference does. The centre is the median of all N + 1 differences, the observed one among them, so that "
    "under chance all of them are treated alike and p is never too small."
)


class Conclusion(StrEnum):
    """The possible conclusions about sentiment."""

    HELPED = "helped"
    HURT = "hurt"
    CHANCE = "chance"
    MIXED = "mixed"
    TOO_FEW = "too_few_trades"


@dataclass(frozen=True)
class Verdict:
    """A conclusion, with a name for programs and a sentence for people."""

    outcome: Conclusion
    sentence: str


def p_value(observed: float, controls: Sequence[float]) -> float:
    """Return the two-sided p of a statistic against the controls' statistics, by `P_VALUE_RULE`; 1 without controls.

    B. Phipson and G. K. Smyth, "Permutation P-values Should Never Be Zero", Statistical Applications in Genetics and
    Molecular Biology 9(1), 2010.
    """
    centre = _centre(observed, controls)
    reach = abs(observed - centre) - _TIE
    extreme = sum(abs(control - centre) >= reach for control in controls)
    return (1 + extreme) / (1 + len(controls))


def verdict_of(
    trades: int,
    difference: float,
    controls: Sequence[float],
    period: str,
    rules: str = "the technical rules",
) -> Verdict:
    """Return the verdict on sentiment.

    The verdict is "helped" or "hurt" only if the difference is significant compared with its controls and also has
    the sign that the word implies. If entries are better timed than by chance but earn less than the rules alone, the
    verdict is neither "helped" nor "hurt".

    Args:
        trades: the number of trades of the combined strategy.
        difference: the profit of the combined strategy minus that of the rules alone, percentage points.
        controls: the same difference for each control.
        period: the period in words, such as "May 2025".
        rules: what trades without sentiment, in words.
    """
    if trades < MIN_TRADES:
        return Verdict(
            Conclusion.TOO_FEW,
            f"Too few trades to say whether sentiment helped: {trades} with sentiment {period}, "
            f"at least {MIN_TRADES} are needed.",
        )
    p, centre = p_value(difference, controls), _centre(difference, controls)
    made = f"{abs(difference):.2f} percentage points {'more' if difference >= 0 else 'less'} profit than"
    if p > SIGNIFICANCE:
        return Verdict(
            Conclusion.CHANCE,
            f"What sentiment did cannot be told from chance: with it, {rules} made {made} alone {period}, "
            f"and the same news at random times does as well or better often enough (p = {p:.3f}).",
        )
    better = difference > centre
    if better == (difference > 0):
        outcome = Conclusion.HELPED if better else Conclusion.HURT
        return Verdict(
            outcome,
            f"Sentiment {outcome}: with it, {rules} made {made} alone {period}, "
            f"and the same news at random times seldom does so {'well' if better else 'badly'} (p = {p:.3f}).",
        )
    return Verdict(
        Conclusion.MIXED,
        f"Neither help nor harm: news came at {'better' if better else 'worse'} times than chance would have it "
        f"(p = {p:.3f}), yet with it {rules} made {made} alone {period}.",
    )


def _centre(observed: float, controls: Sequence[float]) -> float:
    return float(np.median([observed, *controls]))
