"""Runs the event study as a whole, from signals and candles to cells and decay."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd
from cryptoboy_sentiment import LABELS

from services.common.errors import StopProgram
from services.common.forward_returns import microseconds, not_measurable
from services.research.candles import Candles
from services.research.progress import Progress, quiet
from services.research.study.events import Events, Selection, events_of
from services.research.study.returns import Prices
from services.research.study.sample import Design, Figures, Mask, Sample, draw_sample

HORIZONS = tuple(timedelta(minutes=minutes) for minutes in (15, 60, 240, 1440))
DELAYS = tuple(timedelta(minutes=minutes) for minutes in (0, 15, 60, 240, 720, 1440))
GROUPS: tuple[tuple[str, ...], ...] = (
    (),
    ("label",),
    ("pair",),
    ("source",),
    ("label", "pair"),
    ("label", "source"),
    ("scope",),
    ("degraded",),
    ("kind",),
    ("model",),
)
"""The groupings that form the cells; () is all events together. A grouping with a single value is left out because it
adds nothing."""

SIDES: Mapping[str, tuple[str, ...]] = {
    "bullish": ("bullish", "very_bullish"),
    "bearish": ("bearish", "very_bearish"),
}
"""The groups for which the decay is also measured, because single labels have too few events once they are split by
delay."""


class Cell(NamedTuple):
    """The figures of one group of events at one horizon; `figures` is None if the candles are too coarse."""

    key: dict[str, str]
    horizon: timedelta
    figures: Figures | None


class DecayPoint(NamedTuple):
    """The effect that remains with a late entry; its figures are None if the candles are too coarse to measure it.

    Attributes:
        horizon: the length of the return, counted from the late entry.
        delay: the time from available_at to the earliest entry.
        wait: the mean time from available_at to the entry candle's open, including the delay; None without events.
        every: the figures of all events.
        sides: the figures of the groups in `SIDES`, by name.
    """

    horizon: timedelta
    delay: timedelta
    wait: timedelta | None = None
    every: Figures | None = None
    sides: Mapping[str, Figures] | None = None


@dataclass(frozen=True)
class Study:
    """The result of a study."""

    events: Events
    timeframe: str
    candle: timedelta
    pairs: tuple[str, ...]
    start: datetime
    end: datetime
    design: Design
    measured: Mapping[timedelta, int]
    cells: tuple[Cell, ...]
    decay: tuple[DecayPoint, ...]

    def reason(self, length: timedelta) -> str | None:
        """Return why this horizon or delay could not be measured, or None if it could."""
        return not_measurable(length, self.candle)


def run_study(
    signals: pd.DataFrame,
    candles: Mapping[str, Candles],
    selection: Selection,
    *,
    resamples: int,
    seed: int,
    min_events: int,
    progress: Progress = quiet,
) -> Study:
    """Study what prices did after `signals` (as `read_signals_csv` returns them).

    Args:
        signals: the signals, one per row.
        candles: the candles by pair, all of one timeframe.
        selection: the criteria that select the signals.
        resamples: the number of bootstrap resamples; more resamples give more precise intervals.
        seed: the seed of the bootstrap.
        min_events: the number of events below which a cell has no figures.
        progress: called with the number of steps done and the total number of steps.

    Raises:
        StopProgram: no event has a return at any horizon; the message names the periods of signals and candles.
    """
    events = events_of(signals, candles, selection)
    if events.frame.empty:
        raise StopProgram(_nothing_measured(events, candles, signals))
    length = next(iter(candles.values())).length
    start, end = _period(events.frame, selection, length)
    design = Design(_instant(start), _instant(end), resamples, seed, min_events)
    prices = {pair: Prices.of(one) for pair, one in candles.items()}
    steps = len(HORIZONS) * (1 + len(DELAYS))
    cells: list[Cell] = []
    decay: list[DecayPoint] = []
    measured: dict[timedelta, int] = {}
    for number, horizon in enumerate(HORIZONS):
        begun = number * (1 + len(DELAYS))
        progress(begun, steps)
        sample = None
        if not_measurable(horizon, length) is None:
            sample = draw_sample(events.frame, prices, design, horizon)
            measured[horizon] = sample.rows.size
        cells.extend(_cells(events.frame, horizon, sample))
        for step, delay in enumerate(DELAYS, start=begun + 1):
            progress(step, steps)
            if sample is None or not_measurable(delay, length):
                decay.append(DecayPoint(horizon, delay))
                continue
            late = draw_sample(events.frame, prices, design, horizon, delay) if delay else sample
            decay.append(_decay_point(events.frame, horizon, delay, late))
    if not any(measured.values()):
        raise StopProgram(_nothing_measured(events, candles, signals))
    progress(steps, steps)
    return Study(
        events=events,
        timeframe=next(iter(candles.values())).timeframe,
        candle=length,
        pairs=tuple(sorted(candles)),
        start=start,
        end=end,
        design=design,
        measured=measured,
        cells=tuple(cells),
        decay=tuple(decay),
    )


def _instant(moment: datetime) -> int:
    return microseconds(moment - datetime(1970, 1, 1, tzinfo=UTC))


def _period(events: pd.DataFrame, selection: Selection, candle: timedelta) -> tuple[datetime, datetime]:
    """Return the selected period; by default it starts and ends with the candles of the first and last event."""
    first, last = events["available_at"].iloc[0], events["available_at"].iloc[-1]
    start = selection.start or first.floor(candle).to_pydatetime()
    return start, selection.end or (last.floor(candle) + candle).to_pydatetime()


def _nothing_measured(events: Events, candles: Mapping[str, Candles], rows: pd.DataFrame) -> str:
    span = (
        f"{rows['available_at'].min().isoformat()} to {rows['available_at'].max().isoformat()}"
        if len(rows)
        else "none at all"
    )
    there = "; ".join(
        f"{pair} from {one.start.isoformat()} to {one.end.isoformat()}" for pair, one in candles.items()
    )
    lost = ", ".join(f"{count} of {pair}" for pair, count in events.without_candles.items())
    return (
        f"no signal can be studied: {events.rows} signals ({span}), {events.not_selected} outside the period, pairs or "
        f"scope asked for, without candles: {lost or 'none'}; expected signals inside the candles ({there})"
    )


def _cells(events: pd.DataFrame, horizon: timedelta, sample: Sample | None) -> Iterator[Cell]:
    for names in GROUPS:
        for key, among in _parts(events, names):
            if sample is None:
                yield Cell(key, horizon, None)
                continue
            correlate = "label" not in key  # scores with the same label hardly differ
            yield Cell(key, horizon, sample.figures(among[sample.rows], correlate=correlate))


def _parts(events: pd.DataFrame, names: tuple[str, ...]) -> Iterator[tuple[dict[str, str], Mask]]:
    if not names:
        yield {}, np.ones(len(events), dtype=np.bool_)
        return
    if any(events[name].nunique() <= 1 for name in names):  # a single value does not form groups
        return
    texts = {
        name: events[name].astype("str").str.lower() if name == "degraded" else events[name] for name in names
    }
    found = events.groupby([texts[name] for name in names]).indices
    for values, positions in sorted(found.items(), key=lambda part: _rank(part[0])):
        among = np.zeros(len(events), dtype=np.bool_)
        among[positions] = True
        yield dict(zip(names, values if isinstance(values, tuple) else (values,), strict=True)), among


def _rank(values: Hashable) -> list[tuple[int, str]]:
    """Return a sort key that orders labels from bearish to bullish, and all other values by name."""
    texts = values if isinstance(values, tuple) else (values,)
    return [(LABELS.index(text) if text in LABELS else 0, str(text)) for text in texts]


def _decay_point(events: pd.DataFrame, horizon: timedelta, delay: timedelta, sample: Sample) -> DecayPoint:
    measured = events.iloc[sample.rows]
    available = np.asarray(measured["available_at"].astype("int64"), dtype=np.int64)
    wait = timedelta(microseconds=int((sample.entries - available).mean())) if sample.rows.size else None
    every = np.ones(sample.rows.size, dtype=np.bool_)
    return DecayPoint(
        horizon=horizon,
        delay=delay,
        wait=wait,
        every=sample.figures(every, correlate=True),
        sides={
            side: sample.figures(measured["label"].isin(labels).to_numpy(), correlate=False)
            for side, labels in SIDES.items()
        },
    )
