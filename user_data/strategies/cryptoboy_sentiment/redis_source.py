"""Reads live signals of the sentiment store, continuing after the signals that the last refresh read."""

import json
import logging
import math
import time
from collections.abc import Iterable
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from cryptoboy_sentiment.background import in_background
from cryptoboy_sentiment.holds import Hold, describe, holds_in_force, state_of
from cryptoboy_sentiment.members import decode_member
from cryptoboy_sentiment.mirror import EMPTY, Mirror, Page, in_line
from cryptoboy_sentiment.plain import one_line
from cryptoboy_sentiment.signals import Signal, SignalError, signals_frame
from cryptoboy_sentiment.sources import EntriesState

if TYPE_CHECKING:
    import redis

logger = logging.getLogger(__name__)


# One call for all pairs. KEYS are trading:entries and the sorted sets. ARGV is the horizon, and for each set the score
# of the newest member that is known (the cursor), the number of those known, and the score of the oldest. The answer
# for a set is nil if these three have not changed.
_SCRIPT = """
local answer = {redis.pcall('GET', KEYS[1])}
for i = 2, #KEYS do
  local key, cursor, count, oldest = KEYS[i], unpack(ARGV, 3 * i - 4, 3 * i - 2)
  local first = redis.call('ZRANGEBYSCORE', key, ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  local last = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')[2]
  if redis.call('ZCOUNT', key, ARGV[1], '+inf') == tonumber(count)
      and tonumber(first) == tonumber(oldest) and tonumber(last) == tonumber(cursor) then
    answer[i] = false
  else
    answer[i] = {
      redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] or false,
      redis.call('ZCOUNT', key, ARGV[1], '(' .. cursor),
      redis.call('ZRANGEBYSCORE', key, cursor, '+inf', 'WITHSCORES')
    }
  end
end
return answer
"""

NEW_AT_ONCE = 50  # pairs read as a whole in one call, whose answer has to arrive within the client's timeout

# The fields of trading:holds or why they cannot be read, trading:entries, and the pairs; None where all is as it was.
Answer = tuple[dict[bytes, bytes] | Exception, bytes | None, dict[str, Page | None]]
_HOLDS = "trading:holds"


class RedisSignals:
    """A `SignalSource` that keeps a copy (mirror) of the sentiment store's live signals in memory.

    A refresh is one round trip, which reads the holds on entries and, with one script, the signals of all pairs. The
    script reads from the newest member in the mirror on, and counts the members before that one. Thus the mirror
    stays correct for the last `window` when signals are added, corrected or expire, or the store is emptied. If the
    count or the oldest member differs (data were restored, or written into the past), the whole pair is read again.
    Only a few pairs at a time are read as a whole, and their data are kept even if the remaining reads fail. Only one
    daemon thread at a time calls the store. A refresh waits for the thread at most `patience_s`, including name
    resolution. If a call is still running at the next refresh, that refresh waits for it instead of starting a second
    call.
    """

    def __init__(self, client: "redis.Redis", *, window: timedelta, patience_s: float = 2.0) -> None:
        self._client, self._window, self._patience_s = client, window, patience_s
        self._mirror: dict[str, Mirror] = {}
        self._frames: dict[str, pd.DataFrame] = {}
        self._up_to_date: set[str] = set()
        self.entries: EntriesState = "unknown"
        self.scored: frozenset[str] | None = None
        self.holds: tuple[Hold, ...] = ()
        self._refusal = ""
        self._call: Future[Answer] | None = None
        self._away = False
        self.invalid = 0  # members ignored because they are not valid signals

    def refresh(self, pairs: Iterable[str], now: datetime) -> None:
        """Bring these pairs up to date; a pair that could not be read is not readable until a refresh succeeds."""
        give_up_at = time.monotonic() + self._patience_s
        self._up_to_date, self.entries, self.holds = set(), "unknown", ()
        wanted = list(dict.fromkeys(pairs))
        horizon = (now - self._window).timestamp() * 1000
        for pair in self._mirror.keys() - wanted:
            self._forget(pair)
        while missing := [pair for pair in wanted if pair not in self._up_to_date]:
            is_old = self._call is not None
            call = self._call = self._call or self._ask(
                {pair: self._mirror.get(pair, EMPTY) for pair in self._portion(missing)}, horizon
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
            fields, entries, pages = ({}, None, {}) if failure else call.result()
            agreeing = {pair for pair, page in pages.items() if self._take(pair, page)}
            if not is_old:  # the result of an earlier call is used, but says nothing about the present
                self._up_to_date |= agreeing
                self._judge(fields, entries, now)
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

    def _judge(self, fields: dict[bytes, bytes] | Exception, entries: bytes | None, now: datetime) -> None:
        """Determine whether entries are allowed, and log the reason if it has changed."""
        has_key = entries is not None  # whatever it contains
        if isinstance(fields, Exception):
            self.holds = holds_in_force({}, now, entries_key=has_key)
            self.entries = "paused" if has_key else "unknown"
            refusal = f"{_HOLDS} cannot be read ({one_line(fields)}): may this user, and is it a hash?"
        else:
            self.holds = holds_in_force(fields, now, entries_key=has_key)
            self.entries = state_of(fields, self.holds)
            refusal = describe(self.entries, self.holds)
        if refusal and refusal != self._refusal:
            logger.warning("No new entries: %s", refusal)
        elif self._refusal and not refusal:
            logger.info("New entries are allowed again")
        self._refusal = refusal

    def _forget(self, pair: str) -> None:
        self._mirror.pop(pair, None)
        self._frames.pop(pair, None)

    def _portion(self, missing: list[str]) -> list[str]:
        """The missing pairs to read in the next call.

        These are all missing pairs that are in the mirror, which need little data, and at most `NEW_AT_ONCE` other
        pairs.
        """
        later = {*[pair for pair in missing if pair not in self._mirror][NEW_AT_ONCE:]}
        return [pair for pair in missing if pair not in later]

    def _ask(self, mirrors: dict[str, Mirror], horizon: float) -> Future[Answer]:
        return in_background(lambda: self._fetch(mirrors, horizon), "sentiment-store")

    def _fetch(self, mirrors: dict[str, Mirror], horizon: float) -> Answer:
        keys, arguments = ["trading:entries"], [repr(horizon)]
        for pair, known in mirrors.items():
            keys.append(f"sentiment_signals:{pair}")
            arguments += [repr(max(horizon, known.newest)), str(len(known.members)), repr(known.oldest)]
        pipeline = self._client.pipeline(transaction=False)
        pipeline.hgetall(_HOLDS)
        pipeline.eval(_SCRIPT, len(keys), *keys, *arguments)
        pipeline.get("sentiment_pairs")
        fields, answer, scored = pipeline.execute(raise_on_error=False)
        if isinstance(answer, Exception):
            # The address may lead to another server by now: one that is a replica, or loads its data, is left.
            self._client.connection_pool.disconnect(inuse_connections=False)
            raise answer
        entries, *replies = cast("list[Any]", answer)
        self.scored = _read_scored(scored)
        pages = {
            pair: None if reply is None else _page(horizon, max(horizon, known.newest), reply)
            for (pair, known), reply in zip(mirrors.items(), replies, strict=True)
        }
        return fields, entries, pages

    def _take(self, pair: str, page: Page | None) -> bool:
        """Apply a page of the store to the mirror; False if the page contradicts it: the pair must be reread."""
        if page is None:
            return pair in self._mirror
        known = self._mirror.get(pair, EMPTY)
        found = in_line(known, page, partial(self._decode, pair=pair))
        if found is None:
            self._forget(pair)
            return False
        self._mirror[pair] = found
        if known.members.keys() != found.members.keys():
            self._frames.pop(pair, None)
        return True

    def _decode(self, member: bytes, pair: str) -> Signal | None:
        try:
            return decode_member(member, pair)
        except SignalError as error:
            self.invalid += 1
            if self.invalid == 1:
                logger.warning(
                    "Ignored an invalid signal for %s; more are only counted: %s", pair, one_line(error)
                )
            return None

    def _went_away(self, reason: str) -> None:
        if not self._away:
            logger.warning(
                "The sentiment store cannot be read, so there are no entries: %s", one_line(reason)
            )
        self._away = True


def _read_scored(answer: bytes | Exception | None) -> frozenset[str] | None:
    """The scored pairs; None if no pairs were announced, or this user may not read the key.

    A Redis that an older version set up does not grant the right to read the key.
    """
    if answer is None or isinstance(answer, Exception):
        return None
    try:
        pairs = json.loads(answer)
    except ValueError:
        return None
    return frozenset(pairs) if isinstance(pairs, dict) else None


def _page(horizon: float, cursor: float, reply: list[Any]) -> Page:
    oldest, before, flat = reply
    read = [(name, float(score)) for name, score in zip(flat[::2], flat[1::2], strict=True)]
    return Page(horizon, cursor, math.inf if oldest is None else float(oldest), before, read)
