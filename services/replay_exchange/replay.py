"""Chooses the recorded candles and the start time of a replay, and creates the markets on a common timeline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.common.clock import to_ms
from services.common.errors import StopProgram
from services.common.values import Pair, Timeframe, UtcTime
from services.replay_exchange.candles import CandleSeries, load_candles, no_candles
from services.replay_exchange.intervals import INTERVAL_MS
from services.replay_exchange.market import Market
from services.replay_exchange.timeline import Timeline, default_start, place

BUNDLED_CANDLES = Path(__file__).parent / "candles"
"""Two weeks of 1m candles of BTC/USDT, ETH/USDT and BNB/USDT."""


class ReplayOptions(BaseModel):
    """The options that select the candles and the start time of a replay."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    candles: Annotated[
        Path | None,
        Field(description="directory of candle files; null: markets without candles"),
    ] = BUNDLED_CANDLES
    timeframe: Annotated[
        Timeframe | None,
        Field(description="timeframe of the candle files; null: the shortest of each pair"),
    ] = "1m"
    pairs: Annotated[tuple[Pair, ...], Field(description="empty: every pair in the directory")] = ()
    start: Annotated[
        UtcTime | None,
        Field(
            description="instant of the recording that is replayed at the anchor; null: the middle, on a whole day"
        ),
    ] = None
    anchor: Annotated[UtcTime | None, Field(description="instant of the wall clock; null: now")] = None
    align: Annotated[
        Timeframe | None,
        Field(description="shift by whole candles of this timeframe, so that its candles are those recorded"),
    ] = None


@dataclass(frozen=True)
class Replay:
    """The markets by symbol, and the timeline that they share.

    Attributes:
        markets: the spot markets.
        contracts: the perpetual contracts. A pair of which only spot candles are recorded has a contract, too, with
            the same candles.
    """

    markets: Mapping[str, Market]
    contracts: Mapping[str, Market]
    timeline: Timeline

    @property
    def end_ms(self) -> int | None:
        """The wall-clock time in milliseconds at which the last candle closes; None if nothing was recorded."""
        ends = [market.end_ms for market in self.contracts.values() if market.series.opens.size]
        return max(ends, default=None)


def prepare(options: ReplayOptions, now_ms: int) -> Replay:
    """Read the candles and assign wall-clock times to them. `now_ms` is the current wall-clock time.

    Raises:
        StopProgram: the options do not match the files; the message says what to change.
    """
    if options.candles is None:
        series = [no_candles(pair) for pair in options.pairs]
    else:
        series = list(load_candles(options.candles, options.timeframe, options.pairs).values())
    if not series:
        raise StopProgram(
            "nothing to replay: name a directory of candles, or pairs for markets without candles"
        )
    timeline = _timeline(options, series, now_ms)
    markets = _by_symbol(timeline, [one for one in series if ":" not in one.pair])
    contracts = _by_symbol(timeline, [one for one in series if ":" in one.pair])
    return Replay(markets, {**markets, **contracts}, timeline)


def _by_symbol(timeline: Timeline, series: Sequence[CandleSeries]) -> Mapping[str, Market]:
    markets = [Market(one, timeline) for one in series]
    return {market.symbol: market for market in markets}


def _timeline(options: ReplayOptions, series: list[CandleSeries], now_ms: int) -> Timeline:
    spans = [(one.start_ms, one.end_ms) for one in series if one.opens.size]
    if not spans:
        return Timeline(0)
    base_ms = math.lcm(*(one.base_ms for one in series if one.opens.size))
    start_ms, step_ms = default_start(spans, base_ms)
    if options.start is not None:
        start_ms, step_ms = to_ms(options.start), base_ms
    if options.align is not None:
        step_ms = _alignment_ms(options.align, base_ms)
    anchor_ms = now_ms if options.anchor is None else to_ms(options.anchor)
    return place(start_ms=start_ms, anchor_ms=anchor_ms, step_ms=step_ms)


def _alignment_ms(align: str, base_ms: int) -> int:
    length = INTERVAL_MS.get(align, 0)
    if length == 0 or length % base_ms:
        raise StopProgram(
            f"--align {align} is not an interval made of whole candles of {base_ms // 1000} s; choose for example 1h"
        )
    return length
