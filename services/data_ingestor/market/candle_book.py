"""Decides which candles of one pair are closed, final, and next to be published.

A stream sends updates of a candle while the candle forms. A candle is known to be closed only when the next one
appears. The last update of a closed candle is final only if the stream was connected from the candle's beginning and
sent an update in the candle's last seconds. In all other cases, and for every gap, the candle is fetched over REST.
Candles are published in order, and each of them only when its values are known to be final.

The book is pure: it reads no clock and calls neither the exchange nor the broker. Times are milliseconds since the
epoch on the exchange's clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.data_ingestor.market.candles import FUTURE_MARGIN_MS, Candle, Refused, RestAnswer

REACH = 1_000
"""The maximum number of candles that are fetched after an outage. Older candles are skipped and logged."""

BATCH = 100
"""The maximum number of candles that are published together."""

HELD_LIMIT = 1_500
"""The maximum number of candles that are kept while they cannot be published. If there are more, all but the newest
are dropped and fetched later."""

FINAL_UPDATE_MS = 5_000
"""A candle is final without REST only if its last update arrived within this time before the candle's end."""


@dataclass(frozen=True, slots=True)
class ReadyCandle:
    """A closed candle with final values that is next to be published.

    Attributes:
        from_rest: whether the values come from REST rather than from the stream.
        missing_before: the number of candles between the previous candle and this one that the exchange does not
            have.
    """

    candle: Candle
    from_rest: bool
    missing_before: int


@dataclass(frozen=True, slots=True)
class Publish:
    """The next step is to publish these candles in this order."""

    ready: tuple[ReadyCandle, ...]


@dataclass(frozen=True, slots=True)
class Fetch:
    """The next step is to fetch over REST the candles that open at or after `since_ms` and before `until_ms`."""

    since_ms: int
    until_ms: int


@dataclass(slots=True)
class _Held:
    candle: Candle
    final: bool  # REST listed it as closed
    complete: bool  # the stream was connected from its beginning
    updated_ms: int  # when the stream last sent an update of it


class CandleBook:
    """The candles of one pair and timeframe that are neither published nor skipped yet.

    Attributes:
        last_ms: the open time of the last candle that was published or skipped; None before the first.
        newest_ms: the open time of the newest candle seen in the stream or in REST answers; None before the first.
    """

    def __init__(self, timeframe_ms: int) -> None:
        self._step = timeframe_ms
        self._final_update_ms = min(FINAL_UPDATE_MS, timeframe_ms // 4)
        self._held: dict[int, _Held] = {}
        self._complete_from_ms: int | None = None  # None: the stream has just begun
        self._checked_ms = 0  # REST listed every closed candle after last_ms that opens up to here
        self._refused: set[int] = set()  # open times of candles that REST listed with invalid values
        self.last_ms: int | None = None
        self.newest_ms: int | None = None

    def begin(self, remembered_ms: int | None, answer: RestAnswer, now_ms: int) -> bool:
        """Choose the candle to publish next from the last published candle and the newest candles that REST lists.

        If there is no usable record of the last published candle, the newest closed candle is published first. A
        record in the future (because of a replay, or a clock that was ahead) is not usable.

        Returns:
            Whether the next candle is decided; if not, call again later with a new answer.
        """
        if answer.newest is not None:
            self.newest_ms = max(self.newest_ms or 0, answer.newest.open_ms)
        if remembered_ms is not None and remembered_ms <= now_ms + FUTURE_MARGIN_MS:
            self.last_ms = remembered_ms
        elif self.newest_ms is not None:
            first_ms = answer.closed[-1].open_ms if answer.closed else self.newest_ms
            self.last_ms = first_ms - self._step
            self._accept(answer.closed[-1:])
        return self.last_ms is not None

    def observe(self, candles: Sequence[Candle], received_ms: int) -> None:
        """Process an update of the stream that arrived at `received_ms`.

        The candles are ordered from the oldest to the newest, and the last one is still forming.
        """
        if not candles:
            return
        if self._complete_from_ms is None:
            # Neither the forming candle nor one that opened before: a stream may begin with older ones.
            self._complete_from_ms = max(candles[-1].open_ms + self._step, received_ms + 1)
        for candle in candles:
            self._observe_one(candle, received_ms, self._complete_from_ms)
        if len(self._held) > HELD_LIMIT:
            self._forget()

    def _observe_one(self, candle: Candle, received_ms: int, complete_from_ms: int) -> None:
        open_ms = candle.open_ms
        known = self._held.get(open_ms)
        passed = self.newest_ms is not None and open_ms < self.newest_ms
        if open_ms <= (self.last_ms or 0) or (known and (known.final or passed)):
            return
        if known is not None and candle.data.volume < known.candle.data.volume:
            known.complete = False  # volume only grows, so this update is outdated or wrong
        elif known is None or known.candle != candle:
            self._held[open_ms] = _Held(
                candle, False, open_ms >= complete_from_ms and not passed, received_ms
            )
        self.newest_ms = max(self.newest_ms or 0, open_ms)

    def reject_stream_data(self, open_ms: int) -> None:
        """Record that the stream sent invalid values for a candle, so that only REST is used for this candle."""
        self._complete_from_ms = max(self._complete_from_ms or 0, open_ms + self._step)
        if (held := self._held.get(open_ms)) is not None:
            held.complete = held.complete and held.final

    def interrupt(self) -> None:
        """Record that the stream was interrupted.

        The forming candle and the first candle after the interruption count as incomplete.
        """
        self._complete_from_ms = None
        if self.newest_ms is not None and (held := self._held.get(self.newest_ms)) is not None:
            held.complete = False

    def fetched(self, answer: RestAnswer) -> list[Refused]:
        """Process the REST answer to a fetch that `next_step` or `overdue` returned.

        Returns:
            The closed candles with invalid values in this answer; each of them is returned only once.
        """
        if self.last_ms is None:
            return []
        self._accept(answer.closed)
        if answer.newest is not None:
            self.newest_ms = max(self.newest_ms or 0, answer.newest.open_ms)
        if answer.complete_through_ms is not None:
            self._checked_ms = max(self._checked_ms, answer.complete_through_ms)
        return self._refuse(answer.refused)

    def _refuse(self, rows: Sequence[Refused]) -> list[Refused]:
        new = []
        for row in rows:
            open_ms = row.open_ms or 0
            if (self.last_ms or 0) < open_ms <= self._checked_ms and open_ms not in self._refused:
                self._refused.add(open_ms)
                new.append(row)
        return new

    def give_up(self, gap: Fetch) -> None:
        """Record that candles which REST does not list are missing, so that later candles can be published."""
        self._checked_ms = max(self._checked_ms, gap.until_ms - 1)

    def cut(self) -> int:
        """Skip candles that are more than REACH candles behind; return the number of skipped candles."""
        if self.last_ms is None or self.newest_ms is None:
            return 0
        behind = (self.newest_ms - self.last_ms) // self._step
        if behind <= REACH:
            return 0
        self.settle(self.last_ms + (behind - REACH) * self._step)
        return behind - REACH

    def next_step(self) -> Publish | Fetch | None:
        """Return the next step towards publishing candles; None if an update of the stream is needed first."""
        if self.last_ms is None or self.newest_ms is None:
            return None
        ready = self._ready(self.last_ms, self.newest_ms)
        if ready:
            return Publish(tuple(ready))
        if self.newest_ms > self.last_ms + self._step and self._checked_ms < self.newest_ms - 1:
            updated_ms = max(self._checked_ms, self.last_ms)
            steps = (updated_ms - self.last_ms) // self._step + 1
            return Fetch(self.last_ms + steps * self._step, self.newest_ms)
        return None

    def _ready(self, at_ms: int, newest_ms: int) -> list[ReadyCandle]:
        ready: list[ReadyCandle] = []
        for open_ms in sorted(self._held):
            held = self._held[open_ms]
            closed = held.final or open_ms < newest_ms
            hole = open_ms > at_ms + self._step
            if not closed or len(ready) == BATCH or (hole and self._checked_ms < open_ms - 1):
                break
            if not self._is_final(held):
                if open_ms <= self._checked_ms:
                    continue  # REST does not list it, so it does not exist
                break
            absent = (open_ms - at_ms) // self._step - 1
            refused = sum(at_ms < refused_ms < open_ms for refused_ms in self._refused)
            ready.append(ReadyCandle(held.candle, held.final, max(0, absent - refused)))
            at_ms = open_ms
        return ready

    def _is_final(self, held: _Held) -> bool:
        final_update_from_ms = held.candle.open_ms + self._step - self._final_update_ms
        return held.final or (held.complete and held.updated_ms >= final_update_from_ms)

    def overdue(self, now_ms: int, grace_ms: int) -> Fetch | None:
        """Return the fetch for the next candle if that candle ended `grace_ms` ago and no later one is known."""
        if self.last_ms is None:
            return None
        next_ms = self.last_ms + self._step
        if (self.newest_ms or 0) > next_ms or now_ms < next_ms + self._step + grace_ms:
            return None
        return Fetch(next_ms, next_ms + self._step)

    def settle(self, open_ms: int) -> None:
        """Record that this candle and all earlier ones are published or skipped."""
        self.last_ms = open_ms
        self._held = {ms: held for ms, held in self._held.items() if ms > open_ms}
        self._refused = {ms for ms in self._refused if ms > open_ms}

    def _accept(self, closed: Sequence[Candle]) -> None:
        for candle in closed:
            if candle.open_ms > (self.last_ms or 0):
                self._held[candle.open_ms] = _Held(
                    candle, final=True, complete=True, updated_ms=candle.open_ms
                )

    def _forget(self) -> None:
        self._held = {ms: held for ms, held in self._held.items() if ms == self.newest_ms}
        self._checked_ms = 0
