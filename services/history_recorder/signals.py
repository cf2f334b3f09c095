"""Decides which signals of the store are new. Pure.

A pair is first read as a whole. The store gives a signal an `available_at` that is never before that of the signals
that are there already, so reading goes on from the newest. A clock that was set back by more than a few minutes makes
an exception: the signals that it stamps lie in the past. They are noticed by their number, and the pair is then read
as a whole again. So it is when signals are gone and none is new, because a store that was emptied counts from 0.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.common.clock import to_ms
from services.common.messages import SentimentSignal
from services.common.store.port import StoredSignals

Identity = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Position:
    """How far the signals of a pair are read.

    Attributes:
        at: the `available_at` from which reading goes on, in milliseconds since the epoch.
        known: the signals that were read at or after `at`.
        total: the number of signals that the store had; None if it was never read.
    """

    at: int = 0
    known: frozenset[Identity] = frozenset()
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What a reading brought.

    Attributes:
        new: the signals that were not read before.
        position: where the next reading goes on.
        is_whole: whether nothing was missed. If not, the pair must be read again from position 0.
    """

    new: tuple[SentimentSignal, ...]
    position: Position
    is_whole: bool


def advance(position: Position, found: StoredSignals, latest: int) -> Progress:
    """Return what is new in `found`, which was read from `position.at` on.

    Args:
        position: where the reading began.
        found: what the store has from there on.
        latest: the latest `available_at` that another clock may rightly have, in milliseconds; a signal beyond it was
            stamped by a wrong clock, and the signals after it may lie before it.
    """
    new = tuple(each for each in found.signals if _identity(each) not in position.known)
    within = [instant for each in found.signals if (instant := _instant(each)) <= latest]
    at = max(within, default=position.at)
    known = frozenset(_identity(each) for each in found.signals if _instant(each) >= at)
    is_whole = position.total is None or (
        found.total <= position.total + len(new) and (bool(new) or found.total == position.total)
    )
    return Progress(new, Position(at, known, found.total), is_whole)


def _identity(signal: SentimentSignal) -> Identity:
    return signal.article_id, signal.model, signal.revision


def _instant(signal: SentimentSignal) -> int:
    if signal.available_at is None:
        raise ValueError("a signal of the store has the instant at which it became available")
    return to_ms(signal.available_at)
