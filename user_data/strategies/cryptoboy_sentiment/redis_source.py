"""Live signals of the sentiment store, read on from where the last refresh was."""

import logging
import math
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

import pandas as pd
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from cryptoboy_sentiment.members import decode_member
from cryptoboy_sentiment.mirror import EMPTY, Mirror, Page, in_line
from cryptoboy_sentiment.signals import Signal, SignalError, signals_frame
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


# One call for all pairs, whose answer is all that crosses the network: KEYS are trading:entries and the sorted sets,
# ARGV is the horizon and each set's cursor.
_SCRIPT = """
local answer = {redis.call('GET', KEYS[1])}
for i = 2, #KEYS do
  local first = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')
  local before = redis.call('ZCOUNT', KEYS[i], ARGV[1], '(' .. ARGV[i])
  answer[i] = {first[2] or false, before, redis.call('ZRANGEBYSCORE', KEYS[i], ARGV[i], '+inf', 'WITHSCORES')}
end
return answer
"""

Answer = tuple[bytes | None, dict[str, Page]]  # trading:entries, and the pairs


class RedisSignals:
    """Live signals of the sentiment store, mirrored in memory. A `SignalSource`.

    A refresh is one script in one round trip for all pairs: it reads on from the newest member it has and counts those
    before, so that a store which publishes, corrects, expires or is emptied is mirrored exactly, over the last
    `window`. Where the count does not add up (data restored or written into the past) the pair is read again as a
    whole. One daemon thread at a time calls the store; it is waited for `patience_s` at most, name resolution
    included, and a call still under way at the next refresh is waited for again, never doubled.
    """

    def __init__(self, client: redis.Redis, *, window: timedelta, patience_s: float = 2.0) -> None:
        self._client, self._window, self._patience_s = client, window, patience_s
        self._mirror: dict[str, Mirror] = {}
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
            members = self._mirror.get(pair, EMPTY).members.values()
            self._frames[pair] = signals_frame(member.signal for member in members if member.signal)
        return self._frames[pair]

    def readable(self, pair: str, /) -> bool:
        """Whether the last refresh read this pair."""
        return pair in self._up_to_date

    def entries(self) -> EntriesState:
        """What `trading:entries` said in the last refresh; 'unknown' when that failed."""
        return self._entries

    def _cursor(self, pair: str, horizon: float) -> float:
        known = EMPTY if pair in self._doubtful else self._mirror.get(pair, EMPTY)
        return max(horizon, known.newest)

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
        keys = ["trading:entries", *(f"sentiment_signals:{pair}" for pair in cursors)]
        arguments = [repr(horizon), *(repr(cursor) for cursor in cursors.values())]
        entries, *replies = cast("list[Any]", self._client.eval(_SCRIPT, len(keys), *keys, *arguments))
        pages = {}
        for (pair, cursor), (oldest, before, flat) in zip(cursors.items(), replies, strict=True):
            read = [(name, float(score)) for name, score in zip(flat[::2], flat[1::2], strict=True)]
            pages[pair] = Page(horizon, cursor, math.inf if oldest is None else float(oldest), before, read)
        return entries, pages

    def _take(self, pair: str, page: Page) -> bool:
        """Bring the mirror in line with the store; False when they contradict and all must be read anew."""
        known = self._mirror.get(pair, EMPTY)
        found = in_line(known, page, partial(self._decode, pair=pair))
        if found is None:
            self._doubtful.add(pair)
            return False
        self._doubtful.discard(pair)
        self._mirror[pair] = found
        if found is not known and known.members.keys() != found.members.keys():
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
