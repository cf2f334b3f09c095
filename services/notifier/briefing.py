"""Makes the briefs that are due; whoever sends them writes them to the history together with their notices.

A brief is made in a thread of its own: a language model may take minutes for its paragraph, and other notices do not
wait for it.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, datetime

import structlog

from services.common.errors import CryptoBoyError, TryLater
from services.common.history.notifying.port import NotifierBatch, NotifierLog
from services.common.history.notifying.rows import BriefKind
from services.common.history.port import HistoryReader
from services.common.settings.settings import Settings
from services.common.store.port import SentimentStore
from services.notifier.schedule import Due, newest_due, to_be_sent
from services.operations.briefs.make import Made, make_brief

MOST_PERIODS = 7
"""The most days, or weeks, of which a brief tells after the notifier was off."""
_BEGUN = "notifier:briefs"
"""The name of the position that says when this system notified for the first time."""
log = structlog.get_logger(__name__)


class Briefing:
    """Looks what is due. To be used from one thread."""

    def __init__(
        self,
        settings: Settings,
        history: HistoryReader,
        store: SentimentStore | None,
        notifier_log: NotifierLog,
    ) -> None:
        self._settings, self._history, self._store, self._log = settings, history, store, notifier_log
        self._begun: datetime | None = None
        self._written: set[tuple[BriefKind, date]] = set()
        self._making: dict[tuple[BriefKind, date], _Making] = {}

    def look(self, now: datetime) -> tuple[Made, ...]:
        """Return the briefs that are due and made. Making takes a while, and a later look returns what was made.

        A brief is returned again, as it was made first, until its row is written.

        Raises:
            TryLater, StopProgram: the history failed; the next look tries again.
        """
        begun = self._first_start(now)
        found = []
        for kind in BriefKind:
            due = newest_due(kind, self._settings.brief_at, self._settings.brief_timezone, now)
            if not to_be_sent(due, self._was_written, begun):
                self._making.pop((kind, due.day), None)
                continue
            if (kind, due.day) not in self._making:
                self._making[kind, due.day] = self._begin(replace(due, since=self._since(due)), now)
            if (made := self._made(kind, due.day)) is not None:
                found.append(made)
        return tuple(found)

    def wait(self, seconds: float) -> None:
        """Wait until everything that is being made is made, at most so long."""
        for making in self._making.values():
            making.join(seconds)

    def _since(self, due: Due) -> datetime:
        """Return the end of the brief before, so that nothing is in two of them or in none."""
        last = self._history.briefs(kind=due.kind, limit=1).rows
        if not last:
            return due.since
        return min(due.at, max(last[0].at, due.at - MOST_PERIODS * (due.at - due.since)))

    def _begin(self, due: Due, now: datetime) -> _Making:
        making = _Making(self._settings, self._history, self._store, due, now)
        making.start()
        return making

    def _made(self, kind: BriefKind, day: date) -> Made | None:
        making = self._making[kind, day]
        if making.error is not None:
            del self._making[kind, day]
            raise making.error
        return making.made

    def _first_start(self, now: datetime) -> datetime:
        """Return when this system notified first: `now` at the first start, and after a clock was ahead then."""
        if self._begun is None:
            written = self._log.position(_BEGUN)
            self._begun = datetime.fromisoformat(written) if written else now
            if written is None:
                self._log.write(NotifierBatch(cursors={_BEGUN: now.isoformat()}))
        if self._begun > now:
            self._log.write(NotifierBatch(cursors={_BEGUN: now.isoformat()}))
            self._begun = now
        return self._begun

    def _was_written(self, kind: BriefKind, day: date) -> bool:
        if (kind, day) not in self._written and self._history.brief(kind, day) is not None:
            self._written.add((kind, day))
        return (kind, day) in self._written


class _Making(threading.Thread):
    """Makes one brief. Once it ended, either `made` or `error` is there."""

    def __init__(
        self,
        settings: Settings,
        history: HistoryReader,
        store: SentimentStore | None,
        due: Due,
        now: datetime,
    ) -> None:
        super().__init__(name=f"brief-{due.kind.value}", daemon=True)
        self._settings, self._history, self._store = settings, history, store
        self._due, self._now = due, now
        self.made: Made | None = None
        self.error: CryptoBoyError | None = None

    def run(self) -> None:
        """Make it."""
        try:
            self.made = make_brief(
                self._due.kind,
                self._history,
                self._store,
                self._settings,
                now=self._now,
                since=self._due.since,
                day=self._due.day,
                by_model=True,
            )
        except CryptoBoyError as error:
            self.error = error
        except Exception as error:
            log.exception("brief_not_made", kind=self._due.kind.value)
            self.error = TryLater(
                f"the {self._due.kind.value} brief could not be made ({type(error).__name__})"
            )
