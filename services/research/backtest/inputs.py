"""Reads the inputs of a backtest, checks them before anything is computed, and notes their limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
from cryptoboy_sentiment import serving_order

from services.common.errors import StopProgram
from services.research.backtest.plan import Plan
from services.research.backtest.strategies.memory import history_in_memory
from services.research.backtest.verdict import SIGNIFICANCE
from services.research.candles import Candles, load_candles
from services.research.fitness import MIN_CANDLES, misfits, reaches, stake_currency
from services.research.sentiment_csv import line_of, read_sentiment_csv


@dataclass(frozen=True, eq=False)
class Inputs:
    """The checked candles and signals of one backtest.

    Attributes:
        candles: all checked candles of each pair, by the pair's name.
        signals: the signals of the sentiment CSV that count.
        stake_currency: the currency in which all pairs are paid.
        notes: limits of the data that are not errors, one sentence each.
    """

    candles: Mapping[str, Candles]
    signals: pd.DataFrame
    stake_currency: str
    notes: tuple[str, ...]

    def signals_of(self, pair: str) -> pd.DataFrame:
        """Return the signals that count for a pair, which may be those of another pair of its asset."""
        return history_in_memory(self.signals).signals(pair)

    @property
    def pairs(self) -> tuple[str, ...]:
        """The pairs that are traded."""
        return tuple(self.candles)


def read_inputs(plan: Plan) -> Inputs:
    """Read and check the candles and the signals.

    Raises:
        StopProgram: a file is missing or wrong, or the period, the candles and the signals do not overlap; the
            message names file and line, and what was expected.
    """
    if plan.start >= plan.end:
        raise StopProgram(
            f"the period from {plan.start.isoformat()} to {plan.end.isoformat()} is empty; "
            "expected a start before the end"
        )
    candles = load_candles(plan.candles, plan.timeframe, plan.pairs, futures=plan.futures)
    # Where several pairs may be entered and there is room for one, Freqtrade enters the first of its whitelist.
    candles = {pair: candles[pair] for pair in plan.pairs or candles}
    currency = stake_currency(candles)
    notes = [note for one in candles.values() for note in _coverage(one, plan)]
    if (least := 1 / (1 + plan.controls)) > SIGNIFICANCE:
        notes.append(
            f"With {plan.controls} controls p cannot be less than {least:.3f}: nothing can stand out from chance."
        )
    signals = plan.selection.of(read_sentiment_csv(plan.sentiment), plan.sentiment)
    notes.extend(_signal_notes(plan, candles, signals))
    _refuse_misfits(plan, candles, signals)
    return Inputs(candles, signals, currency, (*plan.notes, *notes))


def _refuse_misfits(plan: Plan, candles: Mapping[str, Candles], signals: pd.DataFrame) -> None:
    spans = {pair: [(one.start, one.end)] for pair, one in candles.items()}
    serving = _serving(candles, signals) - set(candles)
    wanted = signals[signals["pair"].isin(plan.pairs)] if plan.pairs else signals
    wanted = wanted[~wanted["pair"].isin(serving)]
    for misfit in misfits(spans, reaches(wanted, spans)):
        raise StopProgram(f"sentiment CSV {plan.sentiment} and candles in {plan.candles}: {misfit.message}")


def _serving(candles: Mapping[str, Candles], signals: pd.DataFrame) -> set[str]:
    """Return the names in the signals that serve a traded pair."""
    names = signals["pair"].unique()
    return {name for pair in candles for name in serving_order(pair, names)}


def _coverage(one: Candles, plan: Plan) -> list[str]:
    there = one.between(plan.start, plan.end)
    count = len(there.frame)
    if count < MIN_CANDLES:
        raise StopProgram(
            f"{one.path} has {count} candles from {plan.start.isoformat()} to {plan.end.isoformat()}; "
            f"expected at least {MIN_CANDLES}: choose a longer period"
        )
    notes = []
    if there.start > plan.start or there.end < plan.end:
        notes.append(
            f"{one.pair} has candles only from {there.start.isoformat()} to {there.end.isoformat()} of the period."
        )
    if missing := sum(gap.missing for gap in there.gaps):
        notes.append(
            f"{one.pair} lacks {missing} candles of the period, which Freqtrade fills with the last price."
        )
    return notes


def _signal_notes(plan: Plan, candles: Mapping[str, Candles], signals: pd.DataFrame) -> list[str]:
    """Return notes on the signals outside the candles. Raises StopProgram if all signals lie outside."""
    first = min(one.start for one in candles.values())
    last = max(one.end for one in candles.values())
    if signals.empty:
        raise StopProgram(
            f"sentiment CSV {plan.sentiment} has no rows after its header; expected at least one signal"
        )
    times = signals["available_at"]
    outside = (times < first) | (times >= last)
    if outside.all():
        raise StopProgram(
            f"sentiment CSV {plan.sentiment}, line {_line(plan, signals, 0)}: available_at is "
            f"{_iso(times.iloc[0])}; neither this signal nor any other lies within the candles in {plan.candles}; "
            f"expected signals from {first.isoformat()} to {last.isoformat()}"
        )
    traded = signals["pair"].isin(_serving(candles, signals))
    inside = traded & (times >= plan.start) & (times < plan.end)
    if not inside.any():
        raise StopProgram(
            f"sentiment CSV {plan.sentiment} has no signal of {', '.join(candles)}{_selected(plan)} available from "
            f"{plan.start.isoformat()} to {plan.end.isoformat()}; "
            f"{len(signals)} rows are of {', '.join(sorted(signals['pair'].unique())[:9])}, from line "
            f"{_line(plan, signals, 0)}, {_iso(times.iloc[0])}, to {_iso(times.iloc[-1])}: "
            "choose another period or other pairs"
        )
    return [
        *_served(candles, signals),
        *_outside(plan, signals, outside, traded),
        *_silence(plan, times[inside]),
    ]


def _served(candles: Mapping[str, Candles], signals: pd.DataFrame) -> list[str]:
    names = set(signals["pair"].unique())
    by = {pair: [name for name in serving_order(pair, names) if name in names] for pair in candles}
    return [
        f"{pair} has no signals of its own and uses those of {', '.join(found)}."
        for pair, found in by.items()
        if found and pair not in found
    ]


def _outside(
    plan: Plan, signals: pd.DataFrame, outside: pd.Series[bool], traded: pd.Series[bool]
) -> list[str]:
    notes = []
    if outside.any():
        row = int(outside.to_numpy().argmax())
        notes.append(
            f"{int(outside.sum())} of {len(signals)} signals lie outside the candles and are never seen, the first in "
            f"line {_line(plan, signals, row)} of {plan.sentiment.name}, {_iso(signals['available_at'].iloc[row])}."
        )
    if len(others := signals.loc[~traded, "pair"]):
        notes.append(
            f"{len(others)} signals are of pairs that are not traded here: {', '.join(sorted(others.unique())[:9])}."
        )
    return notes


def _silence(plan: Plan, times: pd.Series[pd.Timestamp]) -> list[str]:
    """Return notes: one if the period begins with more than a day without news, one if it ends with such a time."""
    a_day = timedelta(days=1)
    notes = []
    if times.iloc[0] - plan.start > a_day:
        notes.append(
            f"There is no news before {_iso(times.iloc[0])}: until then nothing is entered on sentiment."
        )
    if plan.end - times.iloc[-1] > a_day:
        notes.append(
            f"There is no news after {_iso(times.iloc[-1])}: from then on nothing is entered on sentiment."
        )
    return notes


def _line(plan: Plan, signals: pd.DataFrame, row: int) -> int:
    """Return the line of the file with the row at this position of the signals that count."""
    return line_of(plan.sentiment, int(signals.index[row]))


def _selected(plan: Plan) -> str:
    return f" by {plan.selection.words}" if plan.selection.words else ""


def _iso(moment: datetime) -> str:
    return moment.isoformat()
