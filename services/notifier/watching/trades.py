"""Watches the open trades, for the steps of profit and loss that they pass, by the last recorded candle."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

from services.common.clock import CLOCKS_DIFFER, Clock
from services.common.history.notifying.port import NotifierBatch
from services.common.history.port import HistoryReader
from services.common.history.queries import MAX_LIMIT, TradeFilter
from services.common.values import timeframe_seconds
from services.notifier.happenings.trades import Passed, step_happenings
from services.notifier.rules.document import WatchTable
from services.notifier.watching.found import Found
from services.operations.portfolio import open_at, open_positions

CURSOR = "notifier:steps"
CANDLES = 3
"""The last recorded candle is the price of now while it opened at most so many candles ago."""


class StepWatch:
    """A `Watch` of the open trades.

    Args:
        timeframe: that of the candles by which trades are priced.
        position_of: returns a position that the notifier has written.
    """

    name = "trades"
    seconds = 5.0

    def __init__(
        self,
        reader: HistoryReader,
        clock: Clock,
        table: WatchTable,
        position_of: Callable[[str], str | None],
        *,
        timeframe: str,
    ) -> None:
        self._reader, self._clock, self._table = reader, clock, table
        self._position_of, self._timeframe = position_of, timeframe
        self._priced_within = CANDLES * timedelta(seconds=timeframe_seconds(timeframe)) + CLOCKS_DIFFER
        self._passed: dict[str, Passed] | None = None
        self._next: dict[str, Passed] = {}

    def look(self) -> Found:
        """See `Watch`."""
        if self._passed is None:
            stored = json.loads(self._position_of(CURSOR) or "{}")
            self._passed = {name: Passed(values["profit"], values["loss"]) for name, values in stored.items()}
        now, table = self._clock.now(), self._table
        trades = self._reader.trades(TradeFilter(is_open=True), limit=MAX_LIMIT).rows
        seen = open_at(self._reader, trades, now)
        positions = open_positions(self._reader, seen, self._timeframe, now)
        found, self._next = step_happenings(
            positions,
            self._passed,
            table.profit_steps,
            table.loss_steps,
            now,
            oldest=now - self._priced_within,
        )
        written = {name: asdict(passed) for name, passed in self._next.items()}
        cursors = {CURSOR: json.dumps(written)} if self._next != self._passed else {}
        return Found(happenings=found, also=NotifierBatch(cursors=cursors))

    def commit(self) -> None:
        """See `Watch`."""
        self._passed = self._next
