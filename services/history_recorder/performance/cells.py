"""Computes the figures of each group of signals, with intervals by resampling blocks of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from services.common.forward_returns import microseconds, short
from services.common.statistics.resampling import (
    NOTHING,
    Estimate,
    block_length,
    block_weights,
    discoveries,
    estimate,
    independent_windows,
    share_interval,
)
from services.history_recorder.performance.events import GROUPS, Events, Floats, instant
from services.history_recorder.performance.report import MIN_EVENTS, Cell

FALSE_DISCOVERY_RATE = 0.05
RESAMPLES = 500
_SEED = 1

Mask = npt.NDArray[np.bool_]


def cells_of(events: Events, horizon: timedelta, start: datetime, end: datetime) -> list[Cell]:
    """The cells of all groups for one horizon, the largest first within each; `stands` is not decided yet."""
    length = microseconds(block_length(horizon))
    first = instant(start)
    blocks = max(1, -(-(instant(end) - first) // length))
    weights = block_weights(blocks, RESAMPLES, _SEED, microseconds(horizon))
    block = np.clip((events.available - first) // length, 0, blocks - 1)
    return [
        _cell(events, among, block, weights, horizon, group=group, value=value)
        for group, value, among in _groups(events)
    ]


def with_verdicts(cells: list[Cell]) -> tuple[Cell, ...]:
    """The cells with `stands`: those of `all` are corrected among themselves, every other cell among all cells."""
    primary = _standing([cell for cell in cells if cell.group == "all"])
    every = _standing(cells)
    return tuple(
        replace(cell, stands=id(cell) in (primary if cell.group == "all" else every)) for cell in cells
    )


def _standing(cells: list[Cell]) -> set[int]:
    tested = [cell for cell in cells if cell.p is not None]
    found = discoveries([cell.p for cell in tested if cell.p is not None], FALSE_DISCOVERY_RATE)
    return {id(cell) for cell, stands in zip(tested, found, strict=True) if stands}


def _groups(events: Events) -> Iterator[tuple[str, str, Mask]]:
    yield "all", "", np.ones(events.change.size, dtype=np.bool_)
    for group in GROUPS[1:]:
        names = np.array(events.names[group], dtype=object)
        counts = Counter(events.names[group])
        if len(counts) == 1:  # as in the event study: it would repeat the figures of all
            continue
        for value, _ in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
            yield group, value, np.asarray(names == value, dtype=np.bool_)


def _cell(
    events: Events,
    among: Mask,
    block: npt.NDArray[np.int64],
    weights: Floats,
    horizon: timedelta,
    *,
    group: str,
    value: str,
) -> Cell:
    change = events.change[among]
    entered, length = events.entered[among], microseconds(horizon)
    control = events.control[among]
    known = ~np.isnan(control)
    directed = known & (events.direction[among] != 0)
    moves = ((change - control) * events.direction[among])[directed]
    hits = int((moves > 0).sum())
    cell = Cell(
        group,
        value,
        short(horizon),
        int(change.size),
        independent_windows(entered, length),
        with_direction=int(moves.size),
        days=int(np.unique(block[among][directed]).size),
        hits=hits,
    )
    if moves.size and (group == "all" or moves.size >= MIN_EVENTS):
        share = share_interval(hits / moves.size, independent_windows(entered[directed], length))
        cell = replace(cell, hit_share=hits / moves.size, hit_low=share[0], hit_high=share[1])
    if change.size < MIN_EVENTS:
        return cell
    mean = _mean(change, block[among], weights)
    enough = moves.size >= MIN_EVENTS
    effect = _mean(moves, block[among][directed], weights) if enough else NOTHING
    return replace(
        cell,
        mean=mean.value,
        low=mean.low,
        high=mean.high,
        up_share=float((change > 0).mean()),
        control=float(control[known].mean()) if known.sum() >= MIN_EVENTS else None,
        control_events=int(known.sum()),
        directed=effect.value,
        directed_low=effect.low,
        directed_high=effect.high,
        p=effect.p_value,
    )


def _mean(values: Floats, block: npt.NDArray[np.int64], weights: Floats) -> Estimate:
    """The mean of some values with its interval, from resamples of the blocks in which they lie."""
    number = weights.shape[1]
    drawn = weights @ np.bincount(block, minlength=number)
    total = weights @ np.bincount(block, values, minlength=number)
    with np.errstate(invalid="ignore", divide="ignore"):
        return estimate(float(values.mean()), total / drawn, int(np.unique(block).size))
