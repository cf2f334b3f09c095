"""What is measured, without the means to measure it: whoever shows it needs no numpy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

MIN_EVENTS = 30
"""The number of signals below which a group has a count and no figures, as in the event study."""


@dataclass(frozen=True, slots=True)
class Cell:
    """How prices changed after the signals of one group over one horizon; returns are in percent.

    Attributes:
        group, value: such as source and its name; the value of `all` is empty.
        events: the number of signals with a return.
        apart: the largest number of their windows that do not overlap.
        mean, low, high: the mean return with its 95% interval.
        up_share: the share of returns above zero.
        control: the mean return of the same pairs at the same time of day on earlier days.
        control_events: the number of signals with a control.
        directed, directed_low, directed_high: the mean of return less control in the direction of the score, with its
            95% interval; neutral signals have no direction.
        with_direction: the number of signals with a control whose score has a direction.
        days: the number of blocks of time, of a day or longer, in which they lie.
        hits: the number of them after which return less control went in this direction.
        hit_share, hit_low, hit_high: their share, with the 95% interval for as many windows as do not overlap.
        p: two-sided, of `directed` against zero.
        stands: whether `directed` differs from zero after correction for the number of tests.
    """

    group: str
    value: str
    horizon: str
    events: int
    apart: int
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    up_share: float | None = None
    control: float | None = None
    control_events: int = 0
    directed: float | None = None
    directed_low: float | None = None
    directed_high: float | None = None
    with_direction: int = 0
    days: int = 0
    hits: int = 0
    hit_share: float | None = None
    hit_low: float | None = None
    hit_high: float | None = None
    p: float | None = None
    stands: bool = False


@dataclass(frozen=True, slots=True)
class Performance:
    """How prices changed after the signals of a period.

    Attributes:
        signals: the number of signals with a return, by horizon.
        is_cut: whether the period has more signals than are counted; the newest are.
        cells: `all` first, then the groups, each with its largest part first.
        chance: whether no horizon shows more than chance over all signals.
        verdict: the same in words, and what is not shown.
        computed: when it was measured.
    """

    pair: str | None
    start: datetime
    end: datetime
    signals: dict[str, int]
    is_cut: bool
    cells: tuple[Cell, ...]
    chance: bool
    verdict: str
    computed: datetime
