"""Keeps the live signals of the sentiment store in memory, continuing after those that the last refresh read."""

import logging
import time
from collections.abc import Iterable
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import partial

import pandas as pd

from cryptoboy_sentiment.background import in_background
from cryptoboy_sentiment.holds import Hold, describe, holds_in_force, state_of
from cryptoboy_sentiment.members import decode_member
from cryptoboy_sentiment.mirror import EMPTY, Mirror, Page, in_line
from cryptoboy_sentiment.plain import one_line
from cryptoboy_sentiment.signals import Signal, SignalError, signals_frame
from cryptoboy_sentiment.sources import EntriesState
from cryptoboy_sentiment.store_reader import NEW_AT_ONCE, Answer, Known, StoreReader

logger = logging.getLogger(__name__)


class MirroredSignals:
    """A `SignalSource` that keeps a copy (mirror) of the sentiment store's live signals in memory.

    A refresh reads the holds on entries and the signals of all pairs in one call, which goes on from the newest member
    in the mirror and counts the members before that one. Thus the mirror stays correct for the last `window` when
    signals are added, corrected or expire, or the store is emptied. If the count or the oldest member differs (data
    were restored, or written into the past), the whole pair is read again. Only a few pairs at a time are read as a
    whole, and their data are kept even if the remaining reads fail. Only one daemon thread at a time calls the reader.
    A refresh waits for the thread at most `patience_s`, including name resolution. If a call is still running at the
    next refresh, that refresh waits for it instead of starting a second call.
    """

    def __init__(self, reader: StoreReader, *, window: timedelta, patience_s: float = 2.0) -> None:
        self._reader, self._window, self._patience_s = reader, window, patience_s
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
            call = self._call = self._call or self._ask(self._portion(missing), horizon)
            try:
                failure = call.exception(max(0.0, give_up_at - time.monotonic()))
            except TimeoutError:
                self._went_away(f"no answer within {self._patience_s:g} s")
                return
            self._call = None
            if failure and not is_old:
                self._went_away(f"{type(failure).__name__}: {failure}")
                return
            answer = (
                Answer({}, has_entries_key=False, scored=self.scored, pages={}) if failure else call.result()
            )
            self.scored = answer.scored
            agreeing = {pair for pair, page in answer.pages.items() if self._take(pair, page)}
            if not is_old:  # the result of an earlier call is used, but says nothing about the present
                self._up_to_date |= agreeing
                self._judge(answer, now)
        if self._away:
            logger.info("%s can be read again", self._reader.name)
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

    def _judge(self, answer: Answer, now: datetime) -> None:
        """Determine whether entries are allowed, and log the reason if it has changed."""
        fields, has_key = answer.fields, answer.has_entries_key
        if isinstance(fields, Exception):
            self.holds = holds_in_force({}, now, entries_key=has_key)
            self.entries = "paused" if has_key else "unknown"
            refusal = f"trading:holds cannot be read ({one_line(fields)}): may this user, and is it a hash?"
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

    def _ask(self, pairs: list[str], horizon: float) -> Future[Answer]:
        mirrors = {pair: self._mirror.get(pair, EMPTY) for pair in pairs}
        known = {
            pair: Known(max(horizon, mirror.newest), len(mirror.members), mirror.oldest)
            for pair, mirror in mirrors.items()
        }
        return in_background(lambda: self._reader.read(known, horizon), "sentiment-store")

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
                "%s cannot be read, so there are no entries: %s", self._reader.name, one_line(reason)
            )
        self._away = True
