"""Follows the store: signals of each pair by position, and the holds.

At the start all signals of the store are read, because nobody counted those that a clock that was set back stamped
meanwhile. The history keeps what it has.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from services.common.clock import CLOCKS_DIFFER, Clock, to_ms
from services.common.history.from_messages import signal_row
from services.common.history.port import Batch
from services.common.history.rows import HoldRow, SignalRow
from services.common.runtime.work import CallsInProgress
from services.common.store.port import SentimentStore
from services.history_recorder.holds import changes, state_of
from services.history_recorder.inbox import Inbox, is_empty
from services.history_recorder.signals import Position, advance

LOOK_SECONDS = 0.25
SOON_SECONDS = 0.02
"""The pause between two readings for a while after an article was scored, because its signals are about to come."""
EXPECT_SECONDS = 2.0
PAIRS_SECONDS = 60.0
HOLDS_CURSOR, SEEN_CURSOR = "holds", "holds:seen"
_MOMENT = timedelta(microseconds=1)
ANSWERS_OF_STORE = 12
"""The largest number of times that one call of the store may wait for REDIS_TIMEOUT."""


class StoreFollower:
    """Reads what is new in the store. `step` is called from one thread; `expect` may be called from any.

    Args:
        configured: the pairs and assets of TRADING_PAIRS. Pairs that the cacher announces are read too.
        position_of: returns a position of the history; see `HistoryWriter.position`.
        patience: seconds that one call of the store may take.
    """

    def __init__(
        self,
        store: SentimentStore,
        configured: Sequence[str],
        clock: Clock,
        inbox: Inbox,
        position_of: Callable[[str], str | None],
        *,
        work: CallsInProgress,
        patience: float,
    ) -> None:
        self._store, self._configured, self._clock, self._inbox = store, tuple(configured), clock, inbox
        self._position_of, self._work, self._patience = position_of, work, patience
        self._positions: dict[str, Position] = {}
        self._holds: dict[str, str] | None = None
        self._seen = datetime.min.replace(tzinfo=UTC)  # when the last change of the holds was seen
        self._pairs_due = float("-inf")
        self._expected_until = 0.0

    def expect(self) -> None:
        """Read more often for a short time, because signals are about to arrive."""
        self._expected_until = time.monotonic() + EXPECT_SECONDS

    def step(self, stop: threading.Event) -> float:
        """Read once and put what is new into the inbox. Returns the pause. Raises TryLater and StopProgram."""
        with self._work.doing("reading signals and holds from the store", 3 * self._patience):
            self._look_at_pairs()
            held = self._look_at_holds()
            signals, positions = self._look_at_signals()
        holds: list[HoldRow] = []
        cursors: dict[str, str] = {}
        if held != self._holds:
            # The last row of an owner counts, so a clock that was set back must not put a row before an earlier one.
            seen = self._seen = max(self._clock.now(), self._seen + _MOMENT)
            holds = changes(self._holds or {}, held, seen)
            cursors = {HOLDS_CURSOR: json.dumps(held), SEEN_CURSOR: seen.isoformat()}
        batch = Batch(signals=signals, holds=holds, cursors=cursors)
        if not is_empty(batch) and not self._inbox.put(batch, stop):
            return 0.0
        self._holds = held
        self._positions |= positions
        return SOON_SECONDS if time.monotonic() < self._expected_until else LOOK_SECONDS

    def _look_at_pairs(self) -> None:
        if time.monotonic() < self._pairs_due:
            return
        for pair in {*self._configured, *(self._store.scored_pairs() or ())}:
            self._positions.setdefault(pair, Position())
        self._pairs_due = time.monotonic() + PAIRS_SECONDS

    def _look_at_holds(self) -> dict[str, str]:
        if self._holds is None:
            self._holds = json.loads(self._position_of(HOLDS_CURSOR) or "{}")
            if seen := self._position_of(SEEN_CURSOR):
                self._seen = datetime.fromisoformat(seen)
        return state_of(self._store.holds.read())

    def _look_at_signals(self) -> tuple[list[SignalRow], dict[str, Position]]:
        now = self._clock.now()
        latest = to_ms(now + CLOCKS_DIFFER)
        found = self._store.signals_from({pair: each.at for pair, each in self._positions.items()})
        progress = {pair: advance(self._positions[pair], each, latest) for pair, each in found.items()}
        missed = {pair: 0 for pair, each in progress.items() if not each.is_whole}
        again = self._store.signals_from(missed)
        progress |= {pair: advance(Position(), each, latest) for pair, each in again.items()}
        rows = [signal_row(signal, now) for each in progress.values() for signal in each.new]
        return rows, {pair: each.position for pair, each in progress.items()}
