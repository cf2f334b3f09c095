"""Selects the signals that are counted, and holds them as arrays.

As in the event study, an article's first signal for a pair and model counts, and a later revision only if its score
differs from the one that it replaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from services.common.forward_returns import microseconds
from services.common.history.figures import Measured
from services.common.values import Label

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
GROUPS = ("all", "source", "kind", "label", "model", "scope")
"""What signals are grouped by; `all` is one group."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIRECTIONS = {
    Label.VERY_BULLISH: 1,
    Label.BULLISH: 1,
    Label.NEUTRAL: 0,
    Label.BEARISH: -1,
    Label.VERY_BEARISH: -1,
}


@dataclass(frozen=True, eq=False)
class Events:
    """Signals with their returns over one horizon, one array element for each.

    Attributes:
        available, entered: instants in microseconds since the epoch.
        change, control: returns in percent; a control is NaN where it is not known.
        direction: +1 for bullish signals, -1 for bearish ones, 0 for neutral ones.
        names: the texts of each group of `GROUPS` but `all`.
    """

    available: Ints
    entered: Ints
    change: Floats
    control: Floats
    direction: Ints
    names: dict[str, Sequence[str]]

    @classmethod
    def of(cls, measured: Iterable[Measured]) -> Events:
        """The events among measured signals."""
        counted = events_of(measured)
        return cls(
            available=_instants(each.available_at for each in counted),
            entered=_instants(each.entered for each in counted),
            change=np.array([each.change * 100 for each in counted], dtype=np.float64),
            control=np.array(
                [np.nan if each.control is None else each.control * 100 for each in counted], dtype=np.float64
            ),
            direction=np.array([_DIRECTIONS[Label(each.label)] for each in counted], dtype=np.int64),
            names={name: [getattr(each, name) for each in counted] for name in GROUPS if name != "all"},
        )


def events_of(measured: Iterable[Measured]) -> list[Measured]:
    """The first signals and the revisions that changed a score, ordered by available_at."""
    last: dict[tuple[str, str, str], tuple[int, float]] = {}
    events = []
    for each in sorted(measured, key=lambda one: (one.available_at, one.revision)):
        key = (each.article_id, each.pair, each.model)
        before = last.get(key)
        if before is not None and each.revision <= before[0]:
            continue
        last[key] = each.revision, each.score
        if before is None or before[1] != each.score:
            events.append(each)
    return events


def _instants(moments: Iterable[datetime]) -> Ints:
    return np.array([instant(moment) for moment in moments], dtype=np.int64)


def instant(moment: datetime) -> int:
    """An instant in microseconds since the epoch."""
    return microseconds(moment - _EPOCH)
