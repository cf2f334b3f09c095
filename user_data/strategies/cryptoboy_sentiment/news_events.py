"""Names the kinds of news, which `event_type` of a signal says, and finds for each candle the news that it knew.

Live trading and backtests use the same functions: a candle knows a signal that was available before its close, in the
revision that was available then. A later revision, such as one with another kind, changes no candle before it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from cryptoboy_sentiment.merging import (
    MICROSECOND,
    STALENESS,
    Arrivals,
    Integers,
    arrivals,
    microseconds,
    spans,
    taken,
)

OTHER = "other"
"""The kind of news whose kind is not known: an older signal, or one of a kind that this version does not know."""

EVENT_TYPES = (
    "regulation",
    "hack",
    "delisting",
    "listing",
    "withdrawal_halt",
    "depeg",
    "enforcement",
    "adoption",
    "macro",
    "technology",
    "market_move",
    OTHER,
)

COSTLY = ("hack", "delisting", "withdrawal_halt", "depeg", "enforcement")
"""The kinds after which a holder of the asset may lose money at once."""


def news_count(
    signals: pd.DataFrame,
    opens: "pd.Series[Any]",
    candle: timedelta,
    *,
    staleness: timedelta = STALENESS,
    last_unreadable: bool = False,
    arrived: Arrivals | None = None,
) -> "pd.Series[Any]":
    """The number of signals, trusted or not, that each candle knew and that were published within the staleness.

    The arguments are those of `as_of`; `opens` has the oldest first. The count of an unreadable candle is 0.

    Raises:
        ValueError: candles are out of order or without a time zone.
    """
    close = _closes(opens, candle)
    first, leaves = spans(arrivals(signals) if arrived is None else arrived, close, staleness)
    counted = first < leaves
    count = number_in_force(first[counted], leaves[counted], len(close))
    if last_unreadable:
        count[-1:] = 0
    return pd.Series(count, index=opens.index, name="news_count")


def stand_aside(
    signals: pd.DataFrame,
    opens: "pd.Series[Any]",
    candle: timedelta,
    hours: Mapping[str, float],
    *,
    arrived: Arrivals | None = None,
) -> pd.DataFrame:
    """The news because of which no trade may be opened at a candle's close.

    This is the newest signal that the candle knew, that is about the asset itself (scope `asset`), that is of a kind
    in `hours`, and that was published at most so many hours before the close. Degraded and doubtful signals count,
    and so do signals of any score, because leaving a signal out must never make an entry possible.

    Args:
        signals: one pair's signals, a frame like that of `signals_frame`, in any order.
        opens: opening times of the candles, oldest first, with a time zone, in any unit.
        candle: length of a candle.
        hours: for each kind of news, the hours without entries; 0 for none.
        arrived: the `arrivals` of these signals, if they were computed before.

    Returns:
        A frame with the index of `opens`: news_stand_aside (the kind, or empty if nothing prevents an entry) and
        news_stand_aside_article_id (or empty).

    Raises:
        ValueError: candles are out of order or without a time zone.
    """
    close = _closes(opens, candle)
    line = arrivals(signals) if arrived is None else arrived
    place = np.empty_like(line.by_newness)
    place[line.by_newness] = np.arange(len(place))
    kind = signals["event_type"].where(signals["scope"] == "asset", "").to_numpy(dtype=object)[line.row]
    newest = np.full(len(close), -1)
    for each, number in hours.items():
        first, leaves = spans(line, close, timedelta(hours=number))
        for one in np.flatnonzero((kind == each) & (first < leaves)):
            span = slice(first[one], leaves[one])
            newest[span] = np.maximum(newest[span], place[one])
    row = np.append(line.row[line.by_newness], -1)[newest]
    columns = {
        "news_stand_aside": taken(signals["event_type"], row, ""),
        "news_stand_aside_article_id": taken(signals["article_id"], row, ""),
    }
    return pd.DataFrame(columns, index=opens.index)


def number_in_force(first: Integers, leaves: Integers, candles: int) -> Integers:
    """For each candle, how many signals count; `first` and `leaves` are those of `spans`, without empty ones."""
    change = np.bincount(first, minlength=candles + 1) - np.bincount(leaves, minlength=candles + 1)
    return np.cumsum(change)[:-1]


def _closes(opens: "pd.Series[Any]", candle: timedelta) -> Integers:
    close = microseconds(opens) + candle // MICROSECOND
    if (np.diff(close) < 0).any():
        raise ValueError("candles are out of order, expected the oldest first")
    return close
