"""Follows a sentiment CSV that changes while the bot runs, for dry-run."""

import logging
import os
import time
from collections.abc import Iterable
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from cryptoboy_sentiment.background import in_background
from cryptoboy_sentiment.csv_source import CsvSignals, read_signals_csv
from cryptoboy_sentiment.plain import one_line
from cryptoboy_sentiment.signals import SignalError

logger = logging.getLogger(__name__)


class _State(NamedTuple):
    """What tells one state of a file from another one."""

    modified_ns: int
    size: int
    number: int  # another file has another one

    @classmethod
    def of(cls, path: Path) -> "_State":
        """The file's state. Raises SignalError."""
        try:
            found = path.stat()
        except OSError as error:
            raise SignalError(f"sentiment CSV {path}: {error}") from error
        return cls(found.st_mtime_ns, found.st_size, found.st_ino)


class FollowedCsv(CsvSignals):
    """A `SignalSource` that reads a sentiment CSV again when it has changed.

    A file that is away, is not valid, or changes while it is read is not readable until a later refresh has read it as
    a whole: entries are then unknown, as with a store that is away. A refresh waits for the file at most `patience_s`;
    reading goes on in a thread, and the next refresh waits for it.

    Raises:
        SignalError: the file cannot be read at the start.
    """

    def __init__(self, path: Path, *, patience_s: float = 2.0) -> None:
        self._path, self._patience_s = path, patience_s
        self._state = _State.of(path)  # before it is read: a change in between is seen by the first refresh
        self._call: Future[tuple[_State, pd.DataFrame] | None] | None = None
        self._up_to_date, self._away = False, False
        super().__init__(path)

    def refresh(self, pairs: Iterable[str], now: datetime) -> None:  # noqa: ARG002 - the interface has them
        """Read the file if it has changed."""
        give_up_at = time.monotonic() + self._patience_s
        self._up_to_date = False
        while not self._up_to_date:
            is_old = self._call is not None
            call = self._call = self._call or in_background(
                lambda: _read(self._path, self._state), "sentiment-csv"
            )
            try:
                failure = call.exception(max(0.0, give_up_at - time.monotonic()))
            except TimeoutError:
                return self._went_away(f"not read within {self._patience_s:g} s")
            self._call = None
            if failure and not is_old:
                return self._went_away(str(failure))
            if not failure and (found := call.result()):
                self._state, frame = found
                self._take(frame)
                self.scored = frozenset(self._by_pair)
            self._up_to_date = not is_old  # an earlier call says nothing about the present
        self.entries = "open"
        if self._away:
            logger.info("The sentiment CSV %s can be read again", self._path)
        self._away = False
        return None

    def readable(self, _pair: str, /) -> bool:
        """Whether the last refresh found the file as it was read."""
        return self._up_to_date

    def _went_away(self, reason: str) -> None:
        self.entries = "unknown"
        if not self._away:
            logger.warning(
                "The sentiment CSV cannot be read, so there are no entries until it can: %s. Write a new file beside "
                "it and rename that one, so that it is never seen half-written",
                one_line(reason),
            )
        self._away = True


def _read(path: Path, known: _State) -> tuple[_State, pd.DataFrame] | None:
    """The signals of the file and its state; None if its state is the known one. Raises SignalError."""
    before = _State.of(path)
    if before == known:
        return None
    frame = read_signals_csv(path)
    if before.size and path.suffix.lower() != ".gz" and not _ends_with_a_line(path):
        raise SignalError(f"sentiment CSV {path} ends in the middle of a line")
    if before != _State.of(path):
        raise SignalError(f"sentiment CSV {path} changed while it was read")
    return before, frame


def _ends_with_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
