"""How the prices moved after the strong scores of a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from services.common.history.figures import Measured
from services.common.history.port import HistoryReader
from services.common.history.queries import SignalFilter
from services.common.values import STRONG
from services.history_recorder.performance.events import Events
from services.operations.answer import Answer

HORIZONS = (1, 4)
"""In hours: what is known of yesterday's scores in the morning."""
_MOST = 50_000


@dataclass(frozen=True, slots=True)
class StrongMoves(Answer):
    """What the prices did after the strong scores over one horizon.

    Attributes:
        measured: the number of scores of which it is known.
        right: the number of those after which the price moved in the direction of the score.
        mean: the mean move in that direction, in percent; None without any.
        beside_control: the same, less what the pair did at that time of day on earlier days; None if unknown.
    """

    horizon: str
    measured: int
    right: int
    mean: float | None
    beside_control: float | None


@dataclass(frozen=True, slots=True)
class StrongScores(Answer):
    """The scores of a period of at least 0.7 or at most -0.7; a corrected score counts once."""

    scores: int
    moves: tuple[StrongMoves, ...]


def read_strong_scores(history: HistoryReader, since: datetime, until: datetime) -> StrongScores:
    """Read the strong scores that became available in a period, and what is known of them.

    Raises:
        TryLater, StopProgram: as the history does.
    """
    told = {
        (signal.article_id, signal.pair, signal.model)
        for which in (
            SignalFilter(since=since, until=until, least=STRONG),
            SignalFilter(since=since, until=until, most=-STRONG),
        )
        for signal in history.every_signal(which)
    }
    return StrongScores(len(told), tuple(_moves(history, hours, since, until) for hours in HORIZONS))


def _moves(history: HistoryReader, hours: int, since: datetime, until: datetime) -> StrongMoves:
    measured = history.measured(hours, since, until, limit=_MOST)
    last: dict[tuple[str, str, str], Measured] = {}
    for each in measured:  # newest first
        last.setdefault((each.article_id, each.pair, each.model), each)
    events = Events.of(each for each in last.values() if abs(each.score) >= STRONG)
    moves = events.change * events.direction
    beside = (events.change - events.control) * events.direction
    known = beside[~np.isnan(beside)]
    return StrongMoves(
        horizon=f"{hours}h",
        measured=int(moves.size),
        right=int((moves > 0).sum()),
        mean=float(moves.mean()) if moves.size else None,
        beside_control=float(known.mean()) if known.size else None,
    )
