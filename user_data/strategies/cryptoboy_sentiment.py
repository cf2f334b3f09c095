"""News sentiment as a trading strategy may know it: signals, as-of merging, and where signals come from.

Which sentiment a candle sees is decided here, once, for live trading and backtests alike; only the source
differs (`RedisSignals`, `CsvSignals`). Missing sentiment is NaN, never 0.0. It is one file that needs pandas
and `redis` and nothing else of CryptoBoy, so that a Freqtrade installation takes it by copying two files.
"""

import csv
import gzip
import json
import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

LABELS = ("very_bearish", "bearish", "neutral", "bullish", "very_bullish")
STALENESS = timedelta(hours=4)
CLOCK_SKEW = timedelta(minutes=5)  # between the machines of a live system
MICROSECOND = timedelta(microseconds=1)

EntriesState = Literal["open", "paused", "unknown"]


class SignalError(ValueError):
    """A signal that must not be traded on; says which field, its value, and what was expected."""


class Signal(NamedTuple):
    """One article's sentiment for one pair. Names and order of the fields are those of the history CSV."""

    available_at: datetime  # UTC; when it could first be acted on
    published: datetime  # UTC; never later than available_at
    pair: str
    score: float  # -1..+1
    label: str
    confidence: float  # 0..1
    scope: str  # 'asset' or 'market'
    degraded: bool  # a fallback scorer made it
    weight: float  # not negative
    corroboration: float  # not negative
    article_id: str
    revision: int  # a higher one corrects the same article, pair and model
    source: str
    headline: str
    model: str


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)


def _number(low: float, high: float) -> Callable[[object], float]:
    def convert(value: object) -> float:
        number = float(str(value))  # by way of text, so that true and null are no numbers
        if not low <= number <= high or math.isinf(number):
            raise ValueError
        return number

    return convert


def _one_of(*allowed: str) -> Callable[[object], str]:
    return lambda value: allowed[allowed.index(str(value))]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _name(value: object) -> str:
    if not _text(value).strip():
        raise ValueError
    return str(value)


def _revision(value: object) -> int:
    if (revision := int(str(value))) < 0:
        raise ValueError
    return revision


_FIELDS: dict[str, tuple[Callable[[object], Any], str]] = {
    **dict.fromkeys(
        ("available_at", "published"),
        (_moment, "ISO 8601 with an explicit offset, as 2025-10-29T10:00:00+00:00"),
    ),
    **dict.fromkeys(("pair", "article_id", "model"), (_name, "text that is not empty")),
    "score": (_number(-1, 1), "a number from -1 to 1"),
    "label": (_one_of(*LABELS), "one of " + ", ".join(LABELS)),
    "confidence": (_number(0, 1), "a number from 0 to 1"),
    "scope": (_one_of("asset", "market"), "asset or market"),
    "degraded": (lambda value: ("false", "true").index(str(value).lower()) == 1, "true or false"),
    **dict.fromkeys(("weight", "corroboration"), (_number(0, math.inf), "a number that is not negative")),
    "revision": (_revision, "a whole number that is not negative"),
    **dict.fromkeys(("source", "headline"), (_text, "text")),
}


def parse_signal(raw: Mapping[str, object], *, skew: timedelta = timedelta(0)) -> Signal:
    """Validate a signal whose fields are named as in `Signal`, with values as text or as JSON has them.

    Nothing is published after it was available; up to `skew`, as clocks differ, `published` is set back.

    Raises:
        SignalError: a field is missing, malformed, out of range or contradicts another.
    """
    values = {}
    for field, (convert, expected) in _FIELDS.items():
        try:
            values[field] = convert(raw[field])
        except (KeyError, TypeError, ValueError, OverflowError):
            shown = repr(str(raw[field])[:80]) if field in raw else "missing"
            raise SignalError(f"{field} is {shown}, expected {expected}") from None
    signal = Signal(**values)
    if signal.published > signal.available_at + skew:
        raise SignalError(
            f"available_at is {signal.available_at.isoformat()}, "
            f"expected no earlier than published, {signal.published.isoformat()}"
        )
    return signal._replace(published=min(signal.published, signal.available_at))


def signals_frame(signals: Iterable[Signal]) -> pd.DataFrame:
    """Signals as a typed frame: one row each, columns as in `Signal`, times datetime64[us, UTC]."""
    types = dict.fromkeys(Signal._fields, "str")  # also where there is no row to tell
    types |= dict.fromkeys(("available_at", "published"), "datetime64[us, UTC]")
    types |= dict.fromkeys(("score", "confidence", "weight", "corroboration"), "float64")
    types |= {"revision": "int64", "degraded": "bool"}
    return pd.DataFrame(list(signals), columns=list(Signal._fields)).astype(types)


def _microseconds(times: "pd.Series[Any]") -> npt.NDArray[np.int64]:
    if times.dt.tz is None:
        raise ValueError("candles and signals need times with a time zone")
    # Backtests bring milliseconds and the live bot microseconds: one unit, or comparisons fail or lie.
    return np.asarray(times.dt.as_unit("us").astype("int64"), dtype=np.int64)


def timeline(signals: pd.DataFrame) -> pd.DataFrame:
    """One pair's signals by available_at, each with `until`: the row number at which a correction ends it.

    A revision that comes after an equal or higher one of its article and model never counts and is left out.
    """
    article = ["article_id", "model"]
    line = signals.sort_values(["available_at", "revision"], kind="stable", ignore_index=True)
    highest = line.groupby(article)["revision"].cummax()
    before = highest.groupby([line[key] for key in article]).shift(fill_value=-1)
    line = line[line["revision"] > before].reset_index(drop=True)
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
    close = _microseconds(opens) + timeframe // MICROSECOND
    line = timeline(signals)
    newness = line.sort_values(["published", "available_at", "article_id", "model", "revision"]).index
    line["place"] = np.argsort(newness)
    by_place = line.loc[newness].reset_index(drop=True)
    published = np.append(_microseconds(by_place["published"]), 0)

    last = np.searchsorted(_microseconds(line["available_at"]), close, side="left") - 1
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


class SignalSource(Protocol):
    """Where signals come from. No method raises: what cannot be read is said by `readable` and `entries`."""

    def refresh(self, pairs: Iterable[str], now: datetime) -> None:
        """Bring the signals of these pairs up to date; `now` is UTC. Blocks for a bounded time only."""

    def signals(self, pair: str, /) -> pd.DataFrame:
        """The pair's known signals as from `signals_frame`, in no particular order. Not to be changed."""

    def readable(self, pair: str, /) -> bool:
        """Whether the last refresh brought this pair up to date."""

    def entries(self) -> EntriesState:
        """Whether new entries are allowed, as the operator said and the last refresh read."""


def _parse_rows(rows: "csv.DictReader[str]") -> Iterator[Signal]:
    missing = [name for name in Signal._fields if name not in (rows.fieldnames or ())]
    if missing:
        raise SignalError(f"no column {', '.join(missing)}; expected {','.join(Signal._fields)}")
    for row in rows:
        if None in row:
            raise SignalError(f"more cells than the header, expected {len(rows.fieldnames or ())}")
        yield parse_signal(row)


def read_signals_csv(path: Path) -> pd.DataFrame:
    """The signals of a history CSV (`.gz` is unpacked), as from `signals_frame`; further columns are ignored.

    Raises:
        SignalError: the file cannot be read or a line is not a valid signal; names file, line, expectation.
    """
    line = ""
    try:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            try:
                return signals_frame(_parse_rows(rows))
            finally:
                line = f", line {rows.line_num}"
    except (SignalError, csv.Error, UnicodeDecodeError, EOFError, OSError) as error:
        raise SignalError(f"sentiment CSV {path}{line}: {error}") from error


class CsvSignals:
    """Signals of a history CSV, read once: a `SignalSource` for backtests. Without a path there is none."""

    def __init__(self, path: Path | None) -> None:
        frame = signals_frame([]) if path is None else read_signals_csv(path)
        self._nothing = frame.head(0)
        self._by_pair = {str(pair): rows for pair, rows in frame.groupby("pair")}

    def refresh(self, pairs: Iterable[str], now: datetime) -> None:
        """Do nothing: history does not change."""

    def signals(self, pair: str, /) -> pd.DataFrame:
        """The pair's signals; empty when the file has none."""
        return self._by_pair.get(pair, self._nothing)

    def readable(self, _pair: str, /) -> bool:
        """Always: the file has been read."""
        return True

    def entries(self) -> EntriesState:
        """Always open: nobody pauses history."""
        return "open"


def connect(
    host: str, port: int, password: str | None = None, db: int = 0, *, tls: bool = False
) -> redis.Redis:
    """A client with 1 s to connect, 1 s for each read and one retry. Connects when it is first used."""
    retry = Retry(ConstantBackoff(0.1), 1)
    return redis.Redis(
        host, port, db, password, socket_timeout=1, socket_connect_timeout=1, retry=retry, ssl=tls
    )


def decode_member(member: bytes, pair: str) -> Signal:
    """The signal in a member of a pair's sorted set, a `sentiment_signal` message in JSON.

    Raises:
        SignalError: it is not JSON, not a valid signal, or another pair's.
    """
    try:
        message = json.loads(member)
    except (ValueError, RecursionError) as error:
        raise SignalError(f"not JSON ({type(error).__name__})") from None
    if not isinstance(message, dict) or message.get("pair") != pair:
        raise SignalError(f"not a JSON object with pair {pair}")
    names = {"sentiment_score": "score", "sentiment_label": "label"}
    fields: dict[str, object] = {"weight": 1, "corroboration": 0}
    fields |= {names.get(str(name), str(name)): value for name, value in message.items()}
    return parse_signal(fields, skew=CLOCK_SKEW)


class Member(NamedTuple):
    """A member of a pair's sorted set: its score in epoch ms and its signal, None when that is not valid."""

    score: float
    signal: Signal | None


class Page(NamedTuple):
    """What the store holds for a pair. All but `before` and `read` are scores, in epoch ms."""

    horizon: float  # nothing older is wanted
    cursor: float  # where reading began
    oldest: float  # of the whole set
    before: int  # how many lie from horizon to before cursor
    read: list[tuple[bytes, float]]  # members from cursor on


Answer = tuple[bytes | None, dict[str, Page]]  # trading:entries, and the pairs


class RedisSignals:
    """Live signals of the sentiment store, mirrored in memory. A `SignalSource`.

    A refresh is one MULTI in one round trip for all pairs: it reads on from the newest member it has and counts those
    before, so that a store which publishes, corrects, expires or is emptied is mirrored exactly, over the last
    `window`. Where the count does not add up (data restored or written into the past) the pair is read again as a
    whole. One daemon thread at a time calls the store; it is waited for `patience_s` at most, name resolution
    included, and a call still under way at the next refresh is waited for again, never doubled.
    """

    def __init__(self, client: redis.Redis, *, window: timedelta, patience_s: float = 2.0) -> None:
        self._client, self._window, self._patience_s = client, window, patience_s
        self._mirror: dict[str, dict[bytes, Member]] = {}
        self._frames: dict[str, pd.DataFrame] = {}
        self._doubtful: set[str] = set()  # pairs whose mirror did not add up
        self._up_to_date: set[str] = set()
        self._entries: EntriesState = "unknown"
        self._call: Future[Answer] | None = None
        self._away = False
        self.invalid = 0  # members ignored because they are not valid signals

    def refresh(self, pairs: Iterable[str], now: datetime) -> None:
        """Bring these pairs up to date; one that could not be read is not readable until a refresh succeeds."""
        give_up_at = time.monotonic() + self._patience_s
        self._up_to_date, self._entries, wanted = set(), "unknown", list(dict.fromkeys(pairs))
        horizon = (now - self._window).timestamp() * 1000
        for pair in self._mirror.keys() - wanted:
            del self._mirror[pair]
            self._frames.pop(pair, None)
        while missing := [pair for pair in wanted if pair not in self._up_to_date]:
            is_old = self._call is not None
            call = self._call = self._call or self._ask(
                {pair: self._cursor(pair, horizon) for pair in missing}, horizon
            )
            try:
                failure = call.exception(max(0.0, give_up_at - time.monotonic()))
            except TimeoutError:
                self._went_away(f"no answer within {self._patience_s:g} s")
                return
            self._call = None
            if failure and not is_old:
                self._went_away(f"{type(failure).__name__}: {failure}")
                return
            entries, pages = (None, {}) if failure else call.result()
            agreeing = {pair for pair, page in pages.items() if self._take(pair, page)}
            if not is_old:  # what an earlier call found is of use, but it says nothing about now
                self._up_to_date |= agreeing
                self._entries = "paused" if entries == b"paused" else "open"
        if self._away:
            logger.info("The sentiment store can be read again")
        self._away = False

    def signals(self, pair: str, /) -> pd.DataFrame:
        """The pair's signals in the mirror."""
        if pair not in self._frames:
            members = self._mirror.get(pair, {}).values()
            self._frames[pair] = signals_frame(member.signal for member in members if member.signal)
        return self._frames[pair]

    def readable(self, pair: str, /) -> bool:
        """Whether the last refresh read this pair."""
        return pair in self._up_to_date

    def entries(self) -> EntriesState:
        """What `trading:entries` said in the last refresh; 'unknown' when that failed."""
        return self._entries

    def _cursor(self, pair: str, horizon: float) -> float:
        known = {} if pair in self._doubtful else self._mirror.get(pair, {})
        return max([horizon, *(member.score for member in known.values())])

    def _ask(self, cursors: dict[str, float], horizon: float) -> Future[Answer]:
        future: Future[Answer] = Future()

        def call() -> None:
            try:
                future.set_result(self._fetch(cursors, horizon))
            except BaseException as error:  # noqa: BLE001 - handed to the thread that waits, which reports it
                future.set_exception(error)

        # A daemon: name resolution that hangs must not keep a stopped bot from exiting, as an executor would.
        threading.Thread(target=call, name="sentiment-store", daemon=True).start()
        return future

    def _fetch(self, cursors: dict[str, float], horizon: float) -> Answer:
        pipe = self._client.pipeline(transaction=True)
        pipe.get("trading:entries")
        for pair, cursor in cursors.items():
            key = f"sentiment_signals:{pair}"
            pipe.zrange(key, 0, 0, withscores=True)
            pipe.zcount(key, horizon, f"({cursor!r}")
            pipe.zrangebyscore(key, cursor, "+inf", withscores=True)
        entries, *replies = pipe.execute()
        pages = {}
        for (pair, cursor), first, before, read in zip(
            cursors.items(), replies[::3], replies[1::3], replies[2::3], strict=True
        ):
            pages[pair] = Page(horizon, cursor, first[0][1] if first else math.inf, before, read)
        return entries, pages

    def _take(self, pair: str, page: Page) -> bool:
        """Bring the mirror in line with the store; False when they contradict and all must be read anew."""
        known = self._mirror.get(pair, {})
        read = {
            name: Member(score, known[name].signal if name in known else self._decode(name, pair))
            for name, score in page.read
        }
        corrected = {(s.article_id, s.model): s.revision for _, s in read.values() if s}
        held = {
            name
            for name, (score, s) in known.items()
            if score >= max(page.horizon, page.oldest)
            and not (s and corrected.get((s.article_id, s.model), -1) > s.revision)
        }
        before = {name for name in held if known[name].score < page.cursor}
        is_whole = page.cursor == page.horizon
        if not is_whole and (len(before) != page.before or not held - before <= read.keys()):
            self._doubtful.add(pair)
            return False
        self._doubtful.discard(pair)
        self._mirror[pair] = {name: known[name] for name in before} | read
        if known.keys() != self._mirror[pair].keys():
            self._frames.pop(pair, None)
        return True

    def _decode(self, member: bytes, pair: str) -> Signal | None:
        try:
            return decode_member(member, pair)
        except SignalError as error:
            self.invalid += 1
            if self.invalid == 1:
                logger.warning("Ignored an invalid signal for %s; more are only counted: %s", pair, error)
            return None

    def _went_away(self, reason: str) -> None:
        if not self._away:
            logger.warning("The sentiment store cannot be read, so there are no entries: %s", reason)
        self._away = True
