"""Checks whether candles and signals are fit for a backtest, by the rules of backtests and of `history validate`.

Problems inside a single file are refused when the file is read, by `read_candles` and `read_sentiment_csv`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import pandas as pd

from services.common.errors import StopProgram

MIN_CANDLES = 8

Spans = Mapping[str, Sequence[tuple[datetime, datetime]]]
"""The spans of time (UTC, without their ends) that have candles, by pair."""


@dataclass(slots=True)
class Reach:
    """The numbers of one pair's signals inside and outside its candles, and the time of the first one outside."""

    inside: int = 0
    outside: int = 0
    first_outside: datetime | None = None


class Misfit(NamedTuple):
    """Why signals and candles do not fit: a name for programs, the pair, a sentence, and the number of signals."""

    kind: str
    pair: str
    message: str
    signals: int


def reaches(signals: pd.DataFrame, spans: Spans) -> dict[str, Reach]:
    """Return the reach of every pair in `signals`, a frame as `signals_frame` returns it."""
    found = {}
    for pair, times in signals.groupby("pair")["available_at"]:
        inside = pd.Series(data=False, index=times.index)
        for start, end in spans.get(str(pair), ()):
            inside |= (times >= start) & (times < end)
        outside = times[~inside]
        first = None if outside.empty else outside.iloc[0].to_pydatetime()
        found[str(pair)] = Reach(int(inside.sum()), len(outside), first)
    return found


def misfits(spans: Spans, found: Mapping[str, Reach]) -> Iterator[Misfit]:
    """Find the pairs whose signals all lie outside their candles."""
    for pair, reach in sorted(found.items()):
        if reach.inside or reach.first_outside is None:
            continue
        first = reach.first_outside.isoformat()
        if pair not in spans:
            yield Misfit(
                "pair_without_candles",
                pair,
                f"{reach.outside} signals, from {first}, but no candles of {pair}: "
                "fetch them, or choose other pairs with --pairs",
                reach.outside,
            )
        else:
            there = ", ".join(f"{start.isoformat()} to {end.isoformat()}" for start, end in spans[pair])
            yield Misfit(
                "outside_candles",
                pair,
                f"all {reach.outside} signals of {pair}, from {first}, are outside its candles, {there}",
                reach.outside,
            )


def stake_currency(pairs: Iterable[str]) -> str:
    """Return the currency in which all pairs are paid. Raises StopProgram if there is more than one such currency."""
    names = sorted(pairs)
    quotes = {pair.partition("/")[2].partition(":")[0] for pair in names}
    if len(quotes) > 1:
        raise StopProgram(
            f"{', '.join(names)} are paid in {' and '.join(sorted(quotes))}; "
            "expected pairs of one currency: choose them with --pairs"
        )
    return quotes.pop()
