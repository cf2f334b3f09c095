"""Says in words whether prices moved in the direction of the scores by more than chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta

from services.common.statistics.resampling import CONFIDENCE, MIN_BLOCKS
from services.history_recorder.performance.report import MIN_EVENTS, Cell

_DAY = timedelta(days=1)
_NOT_SHOWN = (
    "Not shown: that a trade would have earned anything (no fees, spread or slippage are counted), or that other "
    "months are like these."
)


def is_chance(cells: Sequence[Cell]) -> bool:
    """Whether no horizon shows more than chance over all signals."""
    return not any(cell.stands for cell in cells if cell.group == "all")


def verdict_of(cells: Sequence[Cell], period: timedelta) -> str:
    """What the cells of a period show and what they do not show."""
    overall = [cell for cell in cells if cell.group == "all"]
    if not any(cell.events for cell in overall):
        return (
            "No signal of this period has a return yet: a return needs recorded candles of the pair until the end of "
            "the horizon."
        )
    if all(cell.p is None for cell in overall):
        return f"{_known_so_far(overall)} {_enough(overall, period)} {_NOT_SHOWN}"
    return f"{_overall(overall)} {_among_many(cells)} {_NOT_SHOWN}"


def _overall(overall: Sequence[Cell]) -> str:
    tested = [cell for cell in overall if cell.p is not None]
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
    return " ".join([*sentences, _hits(overall)])


def _known_so_far(overall: Sequence[Cell]) -> str:
    events = max(cell.events for cell in overall)
    if not any(cell.with_direction for cell in overall):
        return (
            f"It cannot be told yet whether the scores were any good: {events} signals have a return, but none that is "
            "not neutral has a control, for which the candles of the days before are needed."
        )
    return f"It cannot be told yet whether the scores were any good. {_hits(overall)}"


def _hits(overall: Sequence[Cell]) -> str:
    told = "; ".join(
        f"{cell.hits} of {cell.with_direction} after {cell.horizon} ({cell.hit_share:.0%}, 95% interval "
        f"{cell.hit_low:.0%} to {cell.hit_high:.0%})"
        for cell in overall
        if cell.hit_share is not None
    )
    return (
        f"Scores that were right, less what the market did anyway: {told}. Guessing gives 50%."
        if told
        else ""
    )


def _enough(overall: Sequence[Cell], period: timedelta) -> str:
    """What is needed for a judgement, and when it will be there."""
    best = max(overall, key=lambda cell: (cell.days, cell.with_direction))
    need = (
        f"A judgement needs {MIN_EVENTS} such scores on {MIN_BLOCKS} days; these are {best.with_direction} on "
        f"{best.days}."
    )
    if period < MIN_BLOCKS * _DAY:
        return f"{need} A period of {period / _DAY:.0f} days is too short for it: take the last month."
    days = max(1, best.days)
    missing = max(MIN_BLOCKS - days, math.ceil(MIN_EVENTS * days / max(1, best.with_direction)) - days, 1)
    return f"{need} If as much news comes as on these days, it can be told in about {missing} days."


def _figures(cells: Sequence[Cell]) -> str:
    return "; ".join(
        f"{cell.directed:+.3f}% [{cell.directed_low:+.3f}, {cell.directed_high:+.3f}] after {cell.horizon}"
        for cell in cells
    )


def _among_many(cells: Sequence[Cell]) -> str:
    tested = [cell for cell in cells if cell.p is not None]
    below = sum(cell.p < 1 - CONFIDENCE for cell in tested if cell.p is not None)
    standing = sum(cell.stands for cell in tested)
    return (
        f"Of {len(tested)} tests over all groups {below} have p < 0.05, where chance alone gives about "
        f"{(1 - CONFIDENCE) * len(tested):.0f}; {standing} stand after Benjamini-Hochberg."
    )
