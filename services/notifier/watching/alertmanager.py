"""What Alertmanager tells as well is told by the notifier itself until Alertmanager has called for the first time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.common.history.notifying.port import NotifierBatch
from services.notifier.watching.found import Found, Watch

CURSOR = "notifier:alertmanager"


class Alertmanager:
    """Whether Alertmanager sends its alerts. May be used from any thread.

    Args:
        is_expected: whether the settings say that it does.
        position_of: returns a position that the notifier has written.
    """

    def __init__(self, position_of: Callable[[str], str | None], *, is_expected: bool) -> None:
        self._position_of, self._is_expected = position_of, is_expected
        self._has_called: bool | None = None

    def tells(self) -> bool:
        """Whether it does, and has called once. Raises as the history does."""
        if self._is_expected and self._has_called is None:
            self._has_called = self._position_of(CURSOR) is not None
        return self._is_expected and bool(self._has_called)

    def call(self, now: datetime) -> NotifierBatch:
        """What is written with the alerts of a call."""
        return NotifierBatch(cursors={CURSOR: now.isoformat()})

    def called(self) -> None:
        """Note that a call was written."""
        self._has_called = True


class OwnWatch:
    """A `Watch` that sees nothing while Alertmanager tells it."""

    def __init__(self, watch: Watch, alertmanager: Alertmanager) -> None:
        self._watch, self._alertmanager = watch, alertmanager
        self.name, self.seconds = watch.name, watch.seconds
        self._has_looked = False

    def look(self) -> Found:
        """See `Watch`."""
        self._has_looked = not self._alertmanager.tells()
        return self._watch.look() if self._has_looked else Found(health="Alertmanager tells it")

    def commit(self) -> None:
        """See `Watch`."""
        if self._has_looked:
            self._watch.commit()
