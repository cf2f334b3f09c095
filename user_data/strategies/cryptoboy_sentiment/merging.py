"""Selects, for each candle, one of the signals that were available at the candle's close.

A correction replaces the corrected signal, and newer signals replace older ones. Signals that became available after
the close have no effect. `trust` defines which signals may decide on trades.
"""

from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from cryptoboy_sentiment.trust import CONFIDENCE_ABOVE, confident, degraded, trusted

STALENESS = timedelta(hours=4)
WITHDRAWN = pd.Timestamp(0, tz="UTC")
"""The time of publication of a signal that only takes back the one that it corrects, and says nothing itself."""
MICROSECOND = timedelta(microseconds=1)

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


def microseconds(times: "pd.Series[Any]") -> Integers:
    """Convert times to microseconds since the epoch. Raises ValueError if the times have no time zone."""
    if not isinstance(times.dtype, pd.DatetimeTZDtype):
        raise ValueError("candles and signals need times with a time zone")  # noqa: TRY004 - the values lack it
    # Backtests have milliseconds and the live bot microseconds; with two units comparisons fail or are wrong.
    return times.to_numpy(dtype="datetime64[us]").astype(np.int64)


class Arrivals(NamedTuple):
    """One pair's signals in the order in which they became available, without those that never count for any candle.

    A revision never counts if an equal or higher revision of its article and model was available before it. Times are
    in microseconds since the epoch.
    """

    row: Integers  # of the signals' frame
    available: Integers
    published: Integers
    until: Integers  # the number of the arrival that corrects the signal, or how many there are
    by_newness: Integers  # numbers of arrivals, the newest last


def arrivals(signals: pd.DataFrame) -> Arrivals:
    """The arrivals of one pair's signals; `signals` is a frame like that of `signals_frame`, in any order."""
    available, published = microseconds(signals["available_at"]), microseconds(signals["published"])
    revision, article, model = (_ranks(signals[name]) for name in ("revision", "article_id", "model"))
    arrival = np.lexsort((revision, available))
    story = (article * (model.max(initial=0) + 1) + model)[arrival]
    by_story = np.argsort(story, kind="stable")
    number = np.cumsum(np.diff(story[by_story], prepend=-1) != 0)
    # Each story's revisions are shifted above those of the stories before it: one running maximum then serves all.
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


def spans(line: Arrivals, close: Integers, staleness: timedelta) -> tuple[Integers, Integers]:
    """For each arrival, the first candle for which it counts, and the first later candle for which it no longer does.

    Candles are given by their closing times, oldest first.
    """
    corrected = np.append(line.available, np.iinfo(np.int64).max)[line.until]
    until = np.minimum(corrected, line.published + staleness // MICROSECOND)
    return np.searchsorted(close, line.available, "right"), np.searchsorted(close, until, "right")


def timeline(signals: pd.DataFrame) -> pd.DataFrame:
    """One pair's signals ordered by available_at, and a column `until`.

    `until` is the row of the signal's correction, or the number of rows if there is none.
    A revision is left out if an equal or higher revision of its article and model was available before it.
    """
    line = arrivals(signals)
    return signals.iloc[line.row].reset_index(drop=True).assign(until=line.until)


def _ranks(values: "pd.Series[Any]") -> Integers:
    return pd.factorize(values, sort=True)[0].astype(np.int64)


def _newest_so_far(line: Arrivals, among: Booleans) -> Integers:
    """For each arrival, the rank of the newest signal in force at that time and marked in `among`; -1 if none."""
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
    confidence_above: float = CONFIDENCE_ABOVE,
) -> pd.DataFrame:
    """The sentiment that was available to each candle at its close.

    A signal counts if its `available_at` is strictly before the close (open + timeframe); a correction replaces the
    signal that it corrects. The newest signal is the last one by published, then available_at, then article_id.
    However, if the newest `asset` signal was published at most `staleness` before the close, no `market` signal
    replaces it. The sentiment is that of the newest trusted signal; while this signal is fresh, no doubtful signal
    replaces it. The values used for exits and entries are never higher than this sentiment: see `trust`.

    Args:
        signals: one pair's signals, a frame like that of `signals_frame`, in any order.
        opens: opening times of the candles, with a time zone, in any unit.
        timeframe: length of a candle.
        staleness: a signal that was published longer than this before the close gives no sentiment.
        last_unreadable: whether the source could not be read for the last candle, on which the bot decides now.
        arrived: the `arrivals` of these signals, if they were computed before.
        confidence_above: a signal is sound only if its confidence is higher than this.

    Returns:
        A frame with the index of `opens`: sentiment (-1..+1 or NaN), sentiment_for_entry and sentiment_for_exit
        (-1..+1 or NaN), sentiment_status (fresh, doubtful, stale, none, unreadable), sentiment_label,
        sentiment_scope, sentiment_confidence (0..1 or NaN), sentiment_degraded, sentiment_age_hours (since
        publication), sentiment_article_id, sentiment_headline, news_event (the kind of news of the signal that gives
        the sentiment, or empty). A doubtful or stale signal gives no sentiment, but its scope, age, article and
        headline are kept to show which signal it was.
    """
    close = microseconds(opens) + timeframe // MICROSECOND
    newest = _Newest(signals, arrivals(signals) if arrived is None else arrived, close, staleness)
    is_trusted = trusted(signals)
    is_sound = is_trusted & confident(signals, confidence_above) & ~degraded(signals)
    of_all, of_trusted = newest.among(np.ones_like(is_trusted)), newest.among(is_trusted)
    fresh = newest.is_fresh(of_trusted)
    place = np.where(fresh, of_trusted, of_all)
    status = np.select(
        [place < 0, fresh, newest.is_fresh(of_all)], ["none", "fresh", "doubtful"], "stale"
    ).astype(object)
    if last_unreadable:
        place[-1:], fresh[-1:], status[-1:] = -1, False, "unreadable"
    known, used = newest.row[place], np.where(fresh, newest.row[place], -1)
    lowest = np.fmin(newest.score(of_trusted), newest.score(newest.among(is_sound)))
    for_entry = np.where(fresh, np.fmin(lowest, newest.lowest_above(of_trusted, ~is_trusted)), np.nan)
    for_exit = np.where(fresh, np.fmin(lowest, newest.warning_of_market(of_trusted, is_sound)), np.nan)
    columns = {
        "sentiment": taken(signals["score"], used, np.nan),
        "sentiment_for_entry": for_entry,
        "sentiment_for_exit": for_exit,
        "sentiment_status": pd.array(status, dtype="str"),
        "sentiment_label": taken(signals["label"], used, ""),
        "sentiment_scope": taken(signals["scope"], known, ""),
        "sentiment_confidence": taken(signals["confidence"], used, np.nan),
        "sentiment_degraded": taken(signals["degraded"], used, fill=False),
        "sentiment_age_hours": np.where(place >= 0, (close - newest.published[place]) / 3.6e9, np.nan),
        "sentiment_article_id": taken(signals["article_id"], known, ""),
        "sentiment_headline": taken(signals["headline"], known, ""),
        "news_event": taken(signals["event_type"], used, ""),
    }
    return pd.DataFrame(columns, index=opens.index)


class _Newest:
    """Finds, for each candle, the rank by time of the newest signal available at its close; -1: no signal."""

    def __init__(self, signals: pd.DataFrame, line: Arrivals, close: Integers, staleness: timedelta) -> None:
        self.published = np.append(line.published[line.by_newness], 0)
        self.row = np.append(line.row[line.by_newness], -1)
        self._line, self._close, self._staleness = line, close, staleness
        self._score = signals["score"].to_numpy(dtype=np.float64)
        self._last = np.searchsorted(line.available, close, side="left") - 1
        self._of_asset = (signals["scope"] == "asset").to_numpy(dtype=bool)
        self._found: dict[bytes, Integers] = {}

    def among(self, rows: Booleans) -> Integers:
        """The rank of the newest signal among these rows; a fresh `asset` signal comes before `market` signals."""
        key = rows.tobytes()
        if key not in self._found:
            asset = self._newest(rows & self._of_asset)
            market = self._newest(rows & ~self._of_asset)
            self._found[key] = np.where(self.is_fresh(asset), asset, np.maximum(asset, market))
        return self._found[key]

    def _newest(self, rows: Booleans) -> Integers:
        found = _newest_so_far(self._line, rows[self._line.row])[self._last]
        return np.where(self.published[found] == WITHDRAWN.value, -1, found)

    def is_fresh(self, place: Integers) -> Booleans:
        """For each candle, whether the signal of that rank exists and is not stale."""
        within = self._staleness // MICROSECOND
        return np.asarray((place >= 0) & (self._close - self.published[place] <= within))

    def score(self, place: Integers) -> Floats:
        """The score of the signal of that rank; NaN if the signal is stale or there is no signal."""
        return np.where(self.is_fresh(place), np.append(self._score, np.nan)[self.row[place]], np.nan)

    def warning_of_market(self, place: Integers, rows: Booleans) -> Floats:
        """The score of the newest market signal in `rows`.

        NaN unless the score is negative and the signal is newer than the signal of rank `place`.
        """
        market = self._newest(rows & ~self._of_asset)
        score = self.score(market)
        return np.where((market > place) & (score < 0), score, np.nan)

    def lowest_above(self, place: Integers, rows: Booleans) -> Floats:
        """The lowest score of the fresh signals in `rows` that would replace the signal of rank `place`, or NaN."""
        line = self._line
        count = len(line.row)
        rank = np.append(np.arange(count) + count * self._of_asset[line.row[line.by_newness]], -1)
        own = np.empty_like(line.by_newness)
        own[line.by_newness] = rank[:-1]
        order = np.argsort(self._close, kind="stable")
        displaced = rank[place][order]
        first, leaves = spans(line, self._close[order], self._staleness)
        lowest = np.full(len(order), np.inf)
        for one in np.flatnonzero(rows[line.row] & (first < leaves)):
            span = slice(first[one], leaves[one])
            score = np.where(own[one] > displaced[span], self._score[line.row[one]], np.inf)
            lowest[span] = np.minimum(lowest[span], score)
        found = np.empty_like(lowest)
        found[order] = np.where(np.isinf(lowest), np.nan, lowest)
        return found


def taken(values: "pd.Series[Any]", rows: Integers, fill: object) -> Any:  # noqa: ANN401 - numpy's or pandas' array
    """The values in these rows; where the row is -1, the value is `fill`."""
    return pd.api.extensions.take(values.array, rows, allow_fill=True, fill_value=fill)
