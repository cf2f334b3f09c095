"""A scorer that is asked about so many articles at the same time and no more.

Whoever prepares an article (reads it, finds what it is about and whether it was told before) does that while all places
are taken, so that the scorer has the next one as soon as it is done with one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from services.common.errors import TryLater
from services.common.runtime.health import DependencyHealth
from services.common.runtime.metrics import SCORE_SECONDS, SCORES_IN_FLIGHT
from services.common.runtime.work import WorkInHand
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import Asset
from services.sentiment_analyzer.scorers.port import Scorer, Scores

LOOK_SECONDS = 0.1
"""How often those who wait for a place see whether it is worth it."""


class NotBegunError(TryLater):
    """The scorer was not asked: while the article waited for a place, its time was over. It is as it was."""


class InFlight:
    """See `scorer.Scorer`, all of which is the scorer's own but for the places.

    Args:
        scorer: who is asked.
        places: how many articles are with it at the same time.
        work: where the calls in hand are noted.
    """

    def __init__(self, scorer: Scorer, places: int, work: WorkInHand) -> None:
        self._scorer = scorer
        self._places = threading.Semaphore(places)
        self._work = work
        self._is_over: Callable[[], bool] = lambda: False
        self.name = scorer.name
        self.articles_at_once = scorer.articles_at_once
        self.patience = scorer.patience

    @property
    def model(self) -> str:
        """Who scores."""
        return self._scorer.model

    def wait_unless(self, is_over: Callable[[], bool]) -> None:
        """From now on, those who wait for a place give up when this says so. Whoever finds one free takes it."""
        self._is_over = is_over

    def check(self) -> None:
        """See `Scorer`; takes no place."""
        self._scorer.check()

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        """See `Scorer`.

        Raises:
            NotBegunError: it is over; see `wait_unless`.
        """
        self._take_place()
        try:
            doing = self._work.doing(f"scoring {text.article_id}", self.patience)
            with SCORE_SECONDS.labels(self.name).time(), SCORES_IN_FLIGHT.track_inprogress(), doing:
                return self._scorer.score(text, assets)
        finally:
            self._places.release()

    def health(self) -> DependencyHealth:
        """See `Scorer`."""
        return self._scorer.health()

    def digest(self) -> str:
        """See `Scorer`."""
        return self._scorer.digest()

    def close(self) -> None:
        """See `Scorer`."""
        self._scorer.close()

    def _take_place(self) -> None:
        if self._places.acquire(blocking=False):
            return
        while not self._places.acquire(timeout=LOOK_SECONDS):
            if self._is_over():
                raise NotBegunError("not begun")
        if self._is_over():
            self._places.release()
            raise NotBegunError("not begun")
