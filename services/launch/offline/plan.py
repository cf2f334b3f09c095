"""Which candles are replayed, from when to when and how fast."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from services.common.clock import from_ms, to_ms
from services.common.errors import StopProgram
from services.launch.replay_clock import find_library
from services.replay_exchange.candles import load_candles
from services.replay_exchange.faults import Faults
from services.replay_exchange.timeline import default_start


@dataclass(frozen=True)
class OfflineOptions:
    """What a user asks for; None and () mean the default.

    Attributes:
        candles: the directory of candle files.
        pairs: the spot names of the pairs that are replayed; none: all.
        start, end: recorded instants between which a bot trades.
        speed: replayed seconds per real second.
        faults: the faults of the exchange.
    """

    candles: Path
    pairs: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    speed: float = 1.0
    faults: Faults = field(default_factory=Faults)


@dataclass(frozen=True)
class OfflinePlan:
    """A plan of which the candles have been read once, so that faulty files are refused before anything starts.

    Attributes:
        pairs, contracts: the markets that the exchange will have.
        start, end: recorded instants between which a bot trades (UTC).
        as_recorded: whether the bot's clock shows the recorded time; otherwise the candles are moved to the present.
    """

    options: OfflineOptions
    pairs: Sequence[str]
    contracts: Sequence[str]
    start: datetime
    end: datetime
    as_recorded: bool


def make_plan(options: OfflineOptions) -> OfflinePlan:
    """Read the candles and choose the times.

    Raises:
        StopProgram: there are no candles, a file is unusable, or start and end do not fit the candles.
    """
    series = load_candles(options.candles, None, options.pairs).values()
    spans = [(one.start_ms, one.end_ms) for one in series]
    middle, _ = default_start(spans, math.lcm(*(one.base_ms for one in series)))
    first, last = from_ms(min(start for start, _ in spans)), from_ms(max(end for _, end in spans))
    start = options.start or from_ms(middle)
    end = options.end or last
    if not first <= start < last:
        raise StopProgram(
            f"--start {start:%F %H:%M} lies outside the candles, which reach from {first:%F %H:%M} to "
            f"{last:%F %H:%M} UTC"
        )
    if end <= start:
        raise StopProgram(f"--end {end:%F %H:%M} is not after the start, {start:%F %H:%M} UTC")
    as_recorded = find_library() is not None
    if options.speed != 1.0 and not as_recorded:
        raise StopProgram(
            f"--speed {options.speed:g} needs libfaketime, which is there for Linux on x86-64 only"
        )
    pairs = [one.pair for one in series if ":" not in one.pair]
    contracts = dict.fromkeys([one.pair for one in series if ":" in one.pair] + list(map(_contract, pairs)))
    return OfflinePlan(options, pairs, sorted(contracts), start, min(end, last), as_recorded)


def _contract(pair: str) -> str:
    return f"{pair}:{pair.partition('/')[2]}"


def recorded_time(plan: OfflinePlan, now: datetime, anchor: datetime) -> datetime:
    """Return the recorded instant that is replayed at `now` of the bot's clock, which showed `anchor` at the start."""
    return from_ms(to_ms(plan.start) + to_ms(now) - to_ms(anchor))
