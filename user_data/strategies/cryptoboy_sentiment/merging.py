"""Which signal each candle could know at its close: corrections, newest first, nothing from the future."""

from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

STALENESS = timedelta(hours=4)
MICROSECOND = timedelta(microseconds=1)

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


def microseconds(times: "pd.Series[Any]") -> Integers:
    """Times as microseconds since the epoch. Raises ValueError when they have no time zone."""
    if not isinstance(times.dtype, pd.DatetimeTZDtype):
        raise ValueError("candles and signals need times with a time zone")  # noqa: TRY004 - the values lack it
    # Backtests bring milliseconds and the live bot microseconds: one unit, or comparisons fail or lie.
    return times.to_numpy(dtype="datetime64[us]").astype(np.int64)


class Arrivals(NamedTuple):
    """One pair's signals in the order in which they became available, without those that never count.

    A revision that comes after an equal or higher one of its article and model never counts. Times are in
    microseconds since the epoch.
    """

    row: Integers  # of the signals' frame
    available: Integers
    published: Integers
    until: Integers  # the number of the arrival that corrects the signal, or how many there are
    by_newness: Integers  # numbers of arrivals, the newest last


def arrivals(signals: pd.DataFrame) -> Arrivals:
    """Those of one pair's signals, as from `signals_frame`, in any order."""
    available, published = microseconds(signals["available_at"]), microseconds(signals["published"])
    revision, article, model = (_ranks(signals[name]) for name in ("revision", "article_id", "model"))
    arrival = np.lexsort((revision, available))
    story = (article * (model.max(initial=0) + 1) + model)[arrival]
    by_story = np.argsort(story, kind="stable")
    number = np.cumsum(np.diff(story[by_story], prepend=-1) != 0)
    # Revisions of one story lie above all those of the stories before, so that one running maximum does for all.
    height = number * (revision.max(initial=0) + 1) + revision[arrival][by_story]
    counts = height > np.append(-1, np.maximum.accumulate(height)[:-1])[: len(height)]

    kept, number = by_story[counts], number[counts]
    order = np.argsort(kept)
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    until = np.full(len(order), len(order))
    is_corrected = np.flatnonzero(number[1:] == number[:-1])
    until[position[is_corrected]] = position[is_corrected + 1]

    row = arrival[kept[order]]
    newness = (revision[row], model[row], article[row], available[row], published[row])
    return Arrivals(row, available[row], published[row], until, np.lexsort(newness))


def timeline(signals: pd.DataFrame) -> pd.DataFrame:
    """One pair's signals by available_at, each with `until`: the row number at which a correction ends it.

    A revision that comes after an equal or higher one of its article and model never counts and is left out.
    """
    line = arrivals(signals)
    return signals.iloc[line.row].reset_index(drop=True).assign(until=line.until)


def _ranks(values: "pd.Series[Any]") -> Integers:
    return pd.factorize(values, sort=True)[0].astype(np.int64)


def _newest_so_far(line: Arrivals, among: Booleans) -> Integers:
    """After each arrival: how new the newest is that is in force `among` the given, or -1."""
    place = np.empty_like(line.by_newness)
    place[line.by_newness] = np.arange(len(place))
    is_final = line.until == len(place)
    newest = np.maximum.accumulate(np.where(among & is_final, place, -1))
    for one in np.flatnonzero(among & ~is_final):
        span = slice(one, line.until[one])
        newest[span] = np.maximum(newest[span], place[one])
    return np.append(newest, -1)  # found by number -1, the time before the first signal


def as_of(
    signals: pd.DataFrame,
    opens: "pd.Series[Any]",
    timeframe: timedelta,
    *,
    staleness: timedelta = STALENESS,
    last_unreadable: bool = False,
    arrived: Arrivals | None = None,
) -> pd.DataFrame:
    """The sentiment that each candle could know at its close.

    Counted are signals with `available_at` strictly before the close (open + timeframe), corrections in place
    of what they correct. The newest is taken by published, then available_at, then article_id; but while the
    newest `asset` signal was published at most `staleness` before the close, no `market` signal displaces it.

    Args:
        signals: one pair's signals, as from `signals_frame`, in any order.
        opens: opening times of the candles, with a time zone, in any unit.
        timeframe: length of a candle.
        staleness: a signal published longer before the close than this is no sentiment.
        last_unreadable: the source could not be read for the last candle, the one being decided.
        arrived: the `arrivals` of these signals, where they are at hand.

    Returns:
        A frame with the index of `opens`: sentiment (-1..+1 or NaN), sentiment_status (fresh, stale, none,
        unreadable), sentiment_label, sentiment_scope, sentiment_confidence (0..1 or NaN), sentiment_degraded,
        sentiment_age_hours (since publication), sentiment_article_id, sentiment_headline. A stale signal
        keeps scope, age, article and headline, so that one can see which it was.
    """
    close = microseconds(opens) + timeframe // MICROSECOND
    line = arrivals(signals) if arrived is None else arrived
    published = np.append(line.published[line.by_newness], 0)
    row = np.append(line.row[line.by_newness], -1)

    last = np.searchsorted(line.available, close, side="left") - 1
    of_asset = (signals["scope"] == "asset").to_numpy(dtype=bool)[line.row]
    asset = _newest_so_far(line, of_asset)[last]
    newest = np.maximum(asset, _newest_so_far(line, ~of_asset)[last])
    within = staleness // MICROSECOND
    place = np.where((asset >= 0) & (close - published[asset] <= within), asset, newest)

    fresh = (place >= 0) & (close - published[place] <= within)
    status = np.select([place < 0, fresh], ["none", "fresh"], "stale").astype(object)
    if last_unreadable:
        place[-1:], fresh[-1:], status[-1:] = -1, False, "unreadable"
    known, used = row[place], np.where(fresh, row[place], -1)
    columns = {
        "sentiment": _taken(signals["score"], used, np.nan),
        "sentiment_status": pd.array(status, dtype="str"),
        "sentiment_label": _taken(signals["label"], used, ""),
        "sentiment_scope": _taken(signals["scope"], known, ""),
        "sentiment_confidence": _taken(signals["confidence"], used, np.nan),
        "sentiment_degraded": _taken(signals["degraded"], used, fill=False),
        "sentiment_age_hours": np.where(place >= 0, (close - published[place]) / 3.6e9, np.nan),
        "sentiment_article_id": _taken(signals["article_id"], known, ""),
        "sentiment_headline": _taken(signals["headline"], known, ""),
    }
    return pd.DataFrame(columns, index=opens.index)


def _taken(values: "pd.Series[Any]", rows: Integers, fill: object) -> Any:  # noqa: ANN401 - numpy's or pandas' array
    """The values in these rows; -1 stands for the one to fill in."""
    return pd.api.extensions.take(values.array, rows, allow_fill=True, fill_value=fill)
