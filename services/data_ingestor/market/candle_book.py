"""The candles of one pair between the exchange and the broker: which are closed, whole, and next in order.

A stream tells of candles while they form, and only the next candle says that one is closed. What it told of
a closed candle is its final state only if the stream was there from the candle's beginning and told
something new in the candle's last seconds; in any other case, and for every hole, REST has the last word. So
a candle leaves the book when all before it have, and its figures are known to be final.

The book is a plain value machine: no clock, no network, no broker. Times are milliseconds since the epoch on
the exchange's clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.data_ingestor.market.candles import FUTURE_MARGIN_MS, Candle, Refused, RestAnswer

REACH = 1_000
"""Candles that may be fetched again after an outage; older ones are given up, with a log line."""

BATCH = 100
"""Candles handed out at once."""

HELD_LIMIT = 1_500
"""Candles kept while they cannot be published; above it they are dropped and fetched again later."""

LAST_WORD_MS = 5_000
"""A stream must have told something new this short before a candle's end to be believed about it."""


@dataclass(frozen=True, slots=True)
class ReadyCandle:
    """A closed candle with final figures, next in order.

    Attributes:
        from_rest: whether REST rather than the stream has the last word on it.
        missing_before: candles between the one before and this one that do not exist at the exchange.
    """

    candle: Candle
    from_rest: bool
    missing_before: int


@dataclass(frozen=True, slots=True)
class Publish:
    """These candles can go out now, in this order."""

    ready: tuple[ReadyCandle, ...]


@dataclass(frozen=True, slots=True)
class Fetch:
    """REST must be asked for the candles that open from `since_ms` on and before `until_ms`."""

    since_ms: int
    until_ms: int


@dataclass(slots=True)
class _Held:
    candle: Candle
    final: bool  # REST told it closed
    whole: bool  # the stream was there from its beginning
    told_ms: int  # when the stream last told something new of it


class CandleBook:
    """Candles of one pair and timeframe that are not settled yet.

    Attributes:
        last_ms: open time of the last candle that was published or given up; None before the first.
        newest_ms: open time of the newest candle seen anywhere; None before the first.
    """

    def __init__(self, timeframe_ms: int) -> None:
        self._step = timeframe_ms
        self._last_word_ms = min(LAST_WORD_MS, timeframe_ms // 4)
        self._held: dict[int, _Held] = {}
        self._whole_from_ms: int | None = None  # None: the stream has just begun
        self._checked_ms = 0  # REST listed every closed candle after last_ms that opens up to here
        self._refused: set[int] = set()  # open times of those that it listed with impossible figures
        self.last_ms: int | None = None
        self.newest_ms: int | None = None

    def begin(self, remembered_ms: int | None, answer: RestAnswer, now_ms: int) -> bool:
        """Decide where to go on, given the last published candle and the newest ones that REST lists.

        Without a usable memory the newest closed candle comes first. A memory that lies in the future (of a
        replay, of a clock that ran ahead) is not usable.

        Returns:
            Whether the beginning is decided; if not, ask REST again later.
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
        """Take what the stream told at `received_ms`: candles, oldest first, the last one forming."""
        if not candles:
            return
        if self._whole_from_ms is None:
            # Not the forming candle, and not one that opened before: a stream may begin with older ones.
            self._whole_from_ms = max(candles[-1].open_ms + self._step, received_ms + 1)
        for candle in candles:
            self._observe_one(candle, received_ms, self._whole_from_ms)
        if len(self._held) > HELD_LIMIT:
            self._forget()

    def _observe_one(self, candle: Candle, received_ms: int, whole_from_ms: int) -> None:
        open_ms = candle.open_ms
        known = self._held.get(open_ms)
        passed = self.newest_ms is not None and open_ms < self.newest_ms
        if open_ms <= (self.last_ms or 0) or (known and (known.final or passed)):
            return
        if known is not None and candle.data.volume < known.candle.data.volume:
            known.whole = False  # volume only grows, so this is an old word on it, or a wrong one
        elif known is None or known.candle != candle:
            self._held[open_ms] = _Held(candle, False, open_ms >= whole_from_ms and not passed, received_ms)
        self.newest_ms = max(self.newest_ms or 0, open_ms)

    def distrust(self, open_ms: int) -> None:
        """The stream told nonsense about a candle: only REST is believed about it."""
        self._whole_from_ms = max(self._whole_from_ms or 0, open_ms + self._step)
        if (held := self._held.get(open_ms)) is not None:
            held.whole = held.whole and held.final

    def interrupt(self) -> None:
        """The stream broke: what it told of the forming candle, and tells of the first one again, is part."""
        self._whole_from_ms = None
        if self.newest_ms is not None and (held := self._held.get(self.newest_ms)) is not None:
            held.whole = False

    def fetched(self, answer: RestAnswer) -> list[Refused]:
        """Take REST's answer to what `next_step` or `overdue` asked for.

        Returns:
            The closed candles refused for good by this answer, each of them once.
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
        """REST does not list what should be there: take it as missing, so that later candles can go on."""
        self._checked_ms = max(self._checked_ms, gap.until_ms - 1)

    def cut(self) -> int:
        """Give up what is out of reach; returns how many candles."""
        if self.last_ms is None or self.newest_ms is None:
            return 0
        behind = (self.newest_ms - self.last_ms) // self._step
        if behind <= REACH:
            return 0
        self.settle(self.last_ms + (behind - REACH) * self._step)
        return behind - REACH

    def next_step(self) -> Publish | Fetch | None:
        """What has to be done next for the candles to go on; None: wait for the stream."""
        if self.last_ms is None or self.newest_ms is None:
            return None
        ready = self._ready(self.last_ms, self.newest_ms)
        if ready:
            return Publish(tuple(ready))
        if self.newest_ms > self.last_ms + self._step and self._checked_ms < self.newest_ms - 1:
            told_ms = max(self._checked_ms, self.last_ms)
            steps = (told_ms - self.last_ms) // self._step + 1
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
                    continue  # REST has passed over it, so it does not exist
                break
            absent = (open_ms - at_ms) // self._step - 1
            refused = sum(at_ms < refused_ms < open_ms for refused_ms in self._refused)
            ready.append(ReadyCandle(held.candle, held.final, max(0, absent - refused)))
            at_ms = open_ms
        return ready

    def _is_final(self, held: _Held) -> bool:
        last_word_from_ms = held.candle.open_ms + self._step - self._last_word_ms
        return held.final or (held.whole and held.told_ms >= last_word_from_ms)

    def overdue(self, now_ms: int, grace_ms: int) -> Fetch | None:
        """What to ask REST for when the next candle should have closed `grace_ms` ago and nothing says so."""
        if self.last_ms is None:
            return None
        next_ms = self.last_ms + self._step
        if (self.newest_ms or 0) > next_ms or now_ms < next_ms + self._step + grace_ms:
            return None
        return Fetch(next_ms, next_ms + self._step)

    def settle(self, open_ms: int) -> None:
        """Everything up to this candle is published or given up."""
        self.last_ms = open_ms
        self._held = {ms: held for ms, held in self._held.items() if ms > open_ms}
        self._refused = {ms for ms in self._refused if ms > open_ms}

    def _accept(self, closed: Sequence[Candle]) -> None:
        for candle in closed:
            if candle.open_ms > (self.last_ms or 0):
                self._held[candle.open_ms] = _Held(candle, final=True, whole=True, told_ms=candle.open_ms)

    def _forget(self) -> None:
        self._held = {ms: held for ms, held in self._held.items() if ms == self.newest_ms}
        self._checked_ms = 0
