"""Says in words whether prices moved in the direction of the scores by more than chance."""

from __future__ import annotations

from collections.abc import Sequence

from services.operations.performance.cells import MIN_EVENTS, Cell
from services.research.statistics import CONFIDENCE, MIN_BLOCKS

_NOT_SHOWN = (
    "Not shown: that a trade would have earned anything (no fees, spread or slippage are counted), or that other "
    "months are like these."
)


def is_chance(cells: Sequence[Cell]) -> bool:
    """Whether no horizon shows more than chance over all signals."""
    return not any(cell.stands for cell in cells if cell.group == "all")


def verdict_of(cells: Sequence[Cell]) -> str:
    """What the cells show and what they do not show."""
    overall = [cell for cell in cells if cell.group == "all"]
    if not any(cell.events for cell in overall):
        return (
            "No signal of this period has a return yet: a return needs recorded candles of the pair until the end of "
            "the horizon."
        )
    return f"{_overall(overall)} {_among_many(cells)} {_NOT_SHOWN}"


def _overall(overall: Sequence[Cell]) -> str:
    tested = [cell for cell in overall if cell.p is not None]
    if not tested:
        return (
            f"{max(cell.events for cell in overall)} signals are too few, or lie in too few days, to tell whether "
            f"prices moved in the direction of the scores: at least {MIN_EVENTS} signals that are not neutral, on at "
            f"least {MIN_BLOCKS} days, with candles of the days before as the control, are needed."
        )
    standing = [cell for cell in tested if cell.stands]
    chance = [cell for cell in tested if not cell.stands]
    sentences = []
    for is_right, words in (
        (True, "in the direction of the scores"),
        (False, "against the direction of the scores"),
    ):
        if found := [cell for cell in standing if ((cell.directed or 0) > 0) is is_right]:
            sentences.append(f"Prices moved {words} by more than chance: {_figures(found)}.")
    if chance:
        sentences.append(
            f"Whether prices moved in the direction of the scores cannot be told from chance: {_figures(chance)}."
        )
    return " ".join(sentences)


def _figures(cells: Sequence[Cell]) -> str:
    return "; ".join(
        f"{cell.directed:+.3f}% [{cell.directed_low:+.3f}, {cell.directed_high:+.3f}] after {cell.horizon}"
        for cell in cells
    )


def _among_many(cells: Sequence[Cell]) -> str:
    tested = [cell for cell in cells if cell.p is not None]
    if not tested:
        return "No group has enough signals for a test."
    below = sum(cell.p < 1 - CONFIDENCE for cell in tested if cell.p is not None)
    standing = sum(cell.stands for cell in tested)
    return (
        f"Of {len(tested)} tests over all groups {below} have p < 0.05, where chance alone gives about "
        f"{(1 - CONFIDENCE) * len(tested):.0f}; {standing} stand after Benjamini-Hochberg."
    )
