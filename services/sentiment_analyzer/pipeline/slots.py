"""Limits the number of articles about which the scorer is asked at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from services.common.errors import TryLater
from services.common.runtime.metrics import SCORE_SECONDS, SCORES_IN_FLIGHT
from services.common.runtime.work import CallsInProgress
from services.sentiment_analyzer.pipeline.intake import Intake
from services.sentiment_analyzer.scorers.port import Scorer


class NotBegunError(TryLater):
    """The intake was over before a slot was free. The scorer was not asked, and the article is redelivered."""


class ScorerSlots:
    """The slots at a scorer. Threads share them.

    Args:
        scorer: the scorer that the slots belong to.
        count: the number of slots.
        work: the register of running calls, for the watchdog.
    """

    def __init__(self, scorer: Scorer, count: int, work: CallsInProgress) -> None:
        self._scorer = scorer
        self._patience = scorer.patience
        self._free = threading.Semaphore(count)
        self._work = work

    def check(self) -> None:
        """See `Scorer.check`. The check takes no slot."""
        with self._work.doing("checking the scorer", self._patience):
            self._scorer.check()

    @contextmanager
    def taken(self, article_id: str, intake: Intake | None) -> Iterator[None]:
        """Wait for a slot, take it for the request about an article, and free it afterwards.

        Args:
            article_id: the id of the article, for messages.
            intake: the intake of the article; None if the article did not come from the queue.

        Raises:
            NotBegunError: the intake was over before a slot was free.
        """
        with self._free:
            if intake is not None and intake.is_over:
                raise NotBegunError("not begun")
            doing = self._work.doing(f"scoring {article_id}", self._patience)
            with SCORE_SECONDS.labels(self._scorer.name).time(), SCORES_IN_FLIGHT.track_inprogress(), doing:
                yield
