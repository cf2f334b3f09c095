"""Whether the scorer works, and how it is found out that it does so again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import structlog

from services.common.errors import StopProgram, TryLater
from services.common.runtime.runner import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    count_error,
    start_with_backoff,
)
from services.sentiment_analyzer.pipeline.faults import NAME
from services.sentiment_analyzer.pipeline.judge_and_publish import ArticleDesk

log = structlog.get_logger(__name__)


class Recovery:
    """From the scorer's first failure until it has scored an article again.

    Args:
        desk: knows the articles on which it failed.
        check: asks the scorer how it is; raises TryLater or StopProgram.

    Attributes:
        away: what is wrong with the scorer, or None.
        is_proving: it has not scored an article since: until then it gets one at a time, and few are taken.
    """

    def __init__(self, desk: ArticleDesk, check: Callable[[], None]) -> None:
        self._desk = desk
        self._check = check
        self.away: str | None = None
        self.is_proving = False

    def wait(self, error: TryLater, stop: threading.Event) -> None:
        """Return when it is worth a try to take news from the queue again, or when `stop` is set."""
        self.is_proving = True
        self._note_away(error)
        stop.wait(error.after or FIRST_PAUSE_SECONDS)
        if (
            start_with_backoff(partial(self._try, stop), stop, NAME)
            and not self._desk.faults.suspects.in_doubt
        ):
            self._note_back()

    def ask_again(self, stop: threading.Event) -> None:
        """No article comes but those in doubt: after a pause, see whether the scorer is back on one of them."""
        if not stop.wait(LONGEST_PAUSE_SECONDS):
            try:
                self._desk.probe(stop, again=True)
            except TryLater as error:
                self._note_away(error)

    def end(self) -> None:
        """The scorer has scored an article, and none is in doubt."""
        self.is_proving = False
        self._desk.faults.clear()
        self._note_back()

    def _try(self, stop: threading.Event) -> None:
        try:
            self._check()
            self._desk.probe(stop)
        except (TryLater, StopProgram) as error:
            self.away = str(error)
            if isinstance(error, TryLater):
                raise
            # It worked when we started, so a person is likely at work on it; the news can wait for that.
            raise TryLater(str(error)) from error

    def _note_away(self, error: TryLater) -> None:
        self.away = str(error)
        count_error(NAME, error)
        log.warning("scorer_away", error=str(error))

    def _note_back(self) -> None:
        if self.away is not None:
            self.away = None
            log.info("scorer_back")
