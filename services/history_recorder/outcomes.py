"""Measures how prices changed after signals, once the candles of the whole horizon are recorded.

The control of a signal is the mean return of the same pair over the same horizon, entered at the same time of day on
earlier days. News of a day is often about the move of that day and the day before, so the latest of these windows ends
a day before the signal.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from services.common.clock import Clock
from services.common.forward_returns import HORIZON_HOURS, end_of, entry_at, measuring_candles, not_measurable
from services.common.history.port import Batch, HistoryReader
from services.common.history.rows import CandleRow, OutcomeRow, SignalRow
from services.common.runtime.work import CallsInProgress
from services.common.values import timeframe_seconds
from services.history_recorder.inbox import Inbox

CONTROL_DAYS = tuple(timedelta(days=days) for days in range(2, 16))
FEWEST_CONTROLS = 3
GIVE_UP_AFTER = timedelta(days=1)
"""How much later than the end of a horizon a candle opens after which missing candles are not expected any more."""
AT_ONCE = 200

FULL_LOOK_BACK, LOOK_BACK = timedelta(days=40), timedelta(days=3)
"""How old the signals are that are looked at each `FULL_LOOK_SECONDS`, and otherwise."""
LOOK_SECONDS, FULL_LOOK_SECONDS = 60.0, 3600.0
PASS_SECONDS = 900.0

Newest = Mapping[tuple[str, str], datetime]
"""When the last recorded candle of each symbol and timeframe opened."""
Candles = Mapping[datetime, CandleRow]


class OutcomeFollower:
    """Looks each minute which outcomes can be measured, and puts these into the inbox of the recorder.

    Args:
        reader: a reader of the history that nobody else closes.
    """

    def __init__(self, reader: HistoryReader, clock: Clock, inbox: Inbox, *, work: CallsInProgress) -> None:
        self._reader, self._clock, self._inbox, self._work = reader, clock, inbox, work
        self._full_look_due = float("-inf")

    def step(self, stop: threading.Event) -> float:
        """Look once. Returns the pause. Raises TryLater and StopProgram, as the reader does."""
        now, is_full = self._clock.now(), time.monotonic() >= self._full_look_due
        since = now - (FULL_LOOK_BACK if is_full else LOOK_BACK)
        with self._work.doing("measuring how prices changed after signals", PASS_SECONDS):
            for rows in due_outcomes(self._reader, now, since):
                if not self._inbox.put(Batch(outcomes=rows), stop):
                    return 0.0
        if is_full:
            self._full_look_due = time.monotonic() + FULL_LOOK_SECONDS
        return LOOK_SECONDS


def due_outcomes(reader: HistoryReader, now: datetime, since: datetime) -> Iterator[list[OutcomeRow]]:
    """The outcomes of signals with available_at >= `since` that are not recorded and whose candles are, in portions.

    A signal whose candles are missing although later ones of its symbol are recorded, by `GIVE_UP_AFTER`, gets an
    outcome without a return, so that it is not looked for again; so does a signal without candles of its symbol, by
    the candles of all symbols. The clock does not count: after days off, the candles of these days wait in the queue.

    Raises:
        TryLater, StopProgram: as the reader does.
    """
    newest = {each: row.opened for each, row in reader.newest_candles(now).items()}
    for hours in HORIZON_HOURS:
        after: int | None = None
        while True:
            until = now - timedelta(hours=hours)
            signals, after = reader.unmeasured(hours, since, until, limit=AT_ONCE, after=after)
            if rows := list(outcomes_of(reader, signals, hours, newest)):
                yield rows
            if after is None:
                break


def outcomes_of(
    reader: HistoryReader, signals: Iterable[SignalRow], hours: int, newest: Newest
) -> Iterator[OutcomeRow]:
    """The outcomes of those of these signals that have one by now."""
    horizon = timedelta(hours=hours)
    newest_of_all = max(newest.values(), default=None)
    usable = {
        each: opened for each, opened in newest.items() if not_measurable(horizon, _length(each[1])) is None
    }
    measured_by: dict[tuple[str, str], list[SignalRow]] = defaultdict(list)
    for signal in signals:
        measured_by[measuring_candles(signal.pair, signal.available_at, usable) or ("", "")].append(signal)
    for (symbol, timeframe), own in measured_by.items():
        candles: Candles = {}
        if symbol:
            wanted = {each for signal in own for each in _instants(signal, horizon, _length(timeframe))}
            candles = reader.candles_at(symbol, timeframe, wanted)
        recorded_until = newest.get((symbol, timeframe), newest_of_all)
        for signal in own:
            outcome = _measured(signal, hours, symbol, timeframe, candles) if symbol else None
            if outcome is not None:
                yield outcome
            elif recorded_until and signal.available_at + horizon + GIVE_UP_AFTER < recorded_until:
                yield _outcome(signal, hours)


def _length(timeframe: str) -> timedelta:
    return timedelta(seconds=timeframe_seconds(timeframe))


def _instants(signal: SignalRow, horizon: timedelta, candle: timedelta) -> Iterator[datetime]:
    """The openings of all candles that the return and its control need."""
    entered = entry_at(signal.available_at, candle)
    for back in (timedelta(0), *CONTROL_DAYS):
        yield entered - back
        yield end_of(entered, horizon, candle) - back


def _measured(
    signal: SignalRow, hours: int, symbol: str, timeframe: str, candles: Candles
) -> OutcomeRow | None:
    """The outcome of a signal; None if a candle of its own window is missing."""
    horizon, candle = timedelta(hours=hours), _length(timeframe)
    entered = entry_at(signal.available_at, candle)
    change = _change(candles, entered, horizon, candle)
    if change is None:
        return None
    controls = [
        each
        for back in CONTROL_DAYS
        if (each := _change(candles, entered - back, horizon, candle)) is not None
    ]
    return _outcome(
        signal,
        hours,
        symbol=symbol,
        timeframe=timeframe,
        entered=entered,
        entry_price=candles[entered].open,
        exit_price=candles[end_of(entered, horizon, candle)].close,
        change=change,
        control=sum(controls) / len(controls) if len(controls) >= FEWEST_CONTROLS else None,
        controls=len(controls),
    )


def _change(candles: Candles, entered: datetime, horizon: timedelta, candle: timedelta) -> float | None:
    first, last = candles.get(entered), candles.get(end_of(entered, horizon, candle))
    return None if first is None or last is None else last.close / first.open - 1


def _outcome(signal: SignalRow, hours: int, **found: object) -> OutcomeRow:
    return OutcomeRow(
        article_id=signal.article_id,
        pair=signal.pair,
        model=signal.model,
        revision=signal.revision,
        horizon=hours,
        available_at=signal.available_at,
        **found,  # type: ignore[arg-type]  # the fields that `_measured` names
    )
