"""Selects the signals that are events.

An article is one event for each pair and model, and another event whenever a correction changed its score. The
strategy's own `timeline` decides which rows ever counted, so a row that live trading ignores (a repetition, or an old
revision that arrives late) is not an event here either.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import pandas as pd
from cryptoboy_sentiment import timeline

CORRECTION_RULE = (
    "An article's first signal for a pair and model is an event. A later one counts as an event of its own, at its "
    "own available_at, only if its revision is higher than all before it and its score differs from the one it "
    "replaces; repetitions, late lower revisions and corrections that change nothing are no events."
)


class Kind(StrEnum):
    """Whether an event is an article's first signal or a correction of it."""

    FIRST = "first"
    CORRECTION = "correction"


@dataclass(frozen=True)
class Selection:
    """The criteria that select the signals to study; None or an empty value means no restriction.

    Attributes:
        pairs: the pairs to which the study is limited.
        start, end: the period [start, end) in which available_at must lie, UTC.
        scope: the only scope to study, `asset` or `market`.
        degraded: if False, signals of a fallback scorer, of suspected articles and of sources of weight 0 are left
            out.
    """

    pairs: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    scope: str | None = None
    degraded: bool = True


@dataclass(frozen=True, eq=False)
class Events:
    """The signals that are events, and the counts of the other signals.

    Attributes:
        frame: the events, with the columns of `Signal` and `kind`, ordered by available_at, then pair, article and
            model.
        rows: the number of signals that were read.
        repeated: the number of rows that never counted because an equal or higher revision was there before.
        unchanged: the number of corrections whose score equals the score that they replace.
        not_selected: the number of events outside the `Selection`.
        without_candles: the number of events of each pair that has no candles.
    """

    frame: pd.DataFrame
    rows: int
    repeated: int
    unchanged: int
    not_selected: int
    without_candles: dict[str, int]


def events_of(signals: pd.DataFrame, pairs: Collection[str], selection: Selection) -> Events:
    """Turn signals, as `read_signals_csv` returns them, into events of the `pairs` that have candles."""
    counted = [timeline(rows) for _, rows in signals.groupby("pair", sort=True)]
    line = pd.concat(counted, ignore_index=True) if counted else signals.head(0)
    before = line.groupby(["pair", "article_id", "model"])["score"].shift()
    changed = line["score"] != before  # for a first signal `before` is NaN, which equals no score
    events = line.assign(kind=before.isna().map({True: Kind.FIRST.value, False: Kind.CORRECTION.value}))
    events = events[changed]
    selected = events[_selected(events, selection)]
    known = selected["pair"].isin(list(pairs))
    lost = selected.loc[~known, "pair"].value_counts().sort_index()
    order = ["available_at", "pair", "article_id", "model", "revision"]
    return Events(
        frame=selected[known].sort_values(order, kind="stable", ignore_index=True),
        rows=len(signals),
        repeated=len(signals) - len(line),
        unchanged=int((~changed).sum()),
        not_selected=len(events) - len(selected),
        without_candles={str(pair): int(count) for pair, count in lost.items()},
    )


def _selected(events: pd.DataFrame, selection: Selection) -> pd.Series[bool]:
    wanted = pd.Series(data=True, index=events.index, dtype=bool)
    if selection.pairs:
        wanted &= events["pair"].isin(selection.pairs)
    if selection.start is not None:
        wanted &= events["available_at"] >= selection.start
    if selection.end is not None:
        wanted &= events["available_at"] < selection.end
    if selection.scope is not None:
        wanted &= events["scope"] == selection.scope
    if not selection.degraded:
        wanted &= ~events["degraded"]
    return wanted
