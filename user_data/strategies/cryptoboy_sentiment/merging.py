"""Which signal each candle could know at its close: corrections, newest first, nothing from the future."""

from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

STALENESS = timedelta(hours=4)
MICROSECOND = timedelta(microseconds=1)
NEWNESS = ["published", "available_at", "article_id", "model", "revision"]  # the newest is the last


def microseconds(times: "pd.Series[Any]") -> npt.NDArray[np.int64]:
    """Times as microseconds since the epoch. Raises ValueError when they have no time zone."""
    if times.dt.tz is None:
        raise ValueError("candles and signals need times with a time zone")
    # Backtests bring milliseconds and the live bot microseconds: one unit, or comparisons fail or lie.
    return np.asarray(times.dt.as_unit("us").astype("int64"), dtype=np.int64)


def timeline(signals: pd.DataFrame) -> pd.DataFrame:
    """One pair's signals by available_at, each with `until`: the row number at which a correction ends it.

    A revision that comes after an equal or higher one of its article and model never counts and is left out.
    """
    line = signals.sort_values(["available_at", "revision"], kind="stable", ignore_index=True)
    article = line.groupby(["article_id", "model"], sort=False).ngroup()
    highest = line.groupby(article)["revision"].cummax()
    counts = line["revision"] > highest.groupby(article).shift(fill_value=-1)
    line, article = line[counts].reset_index(drop=True), article[counts].reset_index(drop=True)
    line["until"] = line.index
    line["until"] = line.groupby(article)["until"].shift(-1, fill_value=len(line))
    return line


def _newest_so_far(line: pd.DataFrame, among: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """After each row of a timeline: the `place` of the newest signal in force `among` the given, or -1."""
    place, until = line["place"].to_numpy(), line["until"].to_numpy()
    newest = np.maximum.accumulate(np.where(among & (until == len(line)), place, -1))
    for row in np.flatnonzero(among & (until < len(line))):
        span = slice(row, until[row])
        newest[span] = np.maximum(newest[span], place[row])
    return np.append(newest, -1)  # found by row -1, the time before the first signal


def as_of(
    signals: pd.DataFrame,
    opens: "pd.Series[Any]",
    timeframe: timedelta,
    *,
    staleness: timedelta = STALENESS,
    last_unreadable: bool = False,
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

    Returns:
        A frame with the index of `opens`: sentiment (-1..+1 or NaN), sentiment_status (fresh, stale, none,
        unreadable), sentiment_label, sentiment_scope, sentiment_confidence (0..1 or NaN), sentiment_degraded,
        sentiment_age_hours (since publication), sentiment_article_id, sentiment_headline. A stale signal
        keeps scope, age, article and headline, so that one can see which it was.
    """
    close = microseconds(opens) + timeframe // MICROSECOND
    line = timeline(signals)
    newness = line.sort_values(NEWNESS).index
    line["place"] = np.argsort(newness)
    by_place = line.loc[newness].reset_index(drop=True)
    published = np.append(microseconds(by_place["published"]), 0)

    last = np.searchsorted(microseconds(line["available_at"]), close, side="left") - 1
    of_asset = (line["scope"] == "asset").to_numpy(dtype=bool)
    asset = _newest_so_far(line, of_asset)[last]
    newest = np.maximum(asset, _newest_so_far(line, ~of_asset)[last])
    within = staleness // MICROSECOND
    place = np.where((asset >= 0) & (close - published[asset] <= within), asset, newest)

    fresh = (place >= 0) & (close - published[place] <= within)
    status = np.select([place < 0, fresh], ["none", "fresh"], "stale").astype(object)
    if last_unreadable:
        place[-1:], fresh[-1:], status[-1:] = -1, False, "unreadable"
    seen = by_place.reindex(place).set_axis(opens.index)  # place -1 has no row: everything is missing
    return pd.DataFrame(
        {
            "sentiment": seen["score"].where(fresh),
            "sentiment_status": pd.Series(status, index=opens.index, dtype="str"),
            "sentiment_label": seen["label"].where(fresh, ""),
            "sentiment_scope": seen["scope"].fillna(""),
            "sentiment_confidence": seen["confidence"].where(fresh),
            "sentiment_degraded": seen["degraded"].isin([True]) & fresh,
            "sentiment_age_hours": np.where(place >= 0, (close - published[place]) / 3.6e9, np.nan),
            "sentiment_article_id": seen["article_id"].fillna(""),
            "sentiment_headline": seen["headline"].fillna(""),
        }
    )
