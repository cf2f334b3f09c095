"""Live signals of the sentiment store, read on from where the last refresh was."""

import json
import logging
import math
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import NamedTuple

import pandas as pd
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from cryptoboy_sentiment.signals import CLOCK_SKEW, Signal, SignalError, parse_signal, signals_frame
from cryptoboy_sentiment.sources import EntriesState

logger = logging.getLogger(__name__)


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
