"""Scores with a stand-in while the scorer that was asked for is away, and says so on every signal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from services.common.errors import TryLater
from services.common.health import DependencyHealth
from services.sentiment_analyzer.assets import Asset
from services.sentiment_analyzer.scorer import Scorer, Scores
from services.sentiment_analyzer.text import ArticleText

log = structlog.get_logger(__name__)


class FallbackScorer:
    """Asks `first`, and `second` while that one is away. Threads may share it if they may share both.

    The breakers of the first one's servers keep an outage from costing every article a timeout.
    """

    def __init__(self, first: Scorer, second: Scorer) -> None:
        self._first = first
        self._second = second
        self._is_away = False
        self.name = first.name
        self.model = first.model
        self.articles_at_once = first.articles_at_once

    def check(self) -> None:
        """Whether the first can work; that it is away is no reason not to start.

        Raises:
            StopProgram: the first lacks something that a person has to supply.
        """
        try:
            self._first.check()
        except TryLater as error:
            self._note_away(error)
            self._second.check()

    def health(self) -> DependencyHealth:
        """How the first is; work goes on without it."""
        return replace(self._first.health(), required=False)

    def digest(self) -> str:
        """The digest of the first."""
        return self._first.digest()

    def close(self) -> None:
        """See `scorer.Scorer`."""
        self._first.close()
        self._second.close()

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        """The scores of the first, or those of the second marked as degraded.

        Raises:
            CannotSay, NeverWorks: as either raises them.
        """
        try:
            scores = self._first.score(text, assets)
        except TryLater as error:
            self._note_away(error)
            return replace(self._second.score(text, assets), degraded=True)
        if self._is_away:
            self._is_away = False
            log.info("scorer_back", scorer=self._first.name)
        return scores

    def _note_away(self, error: TryLater) -> None:
        if not self._is_away:
            self._is_away = True
            log.warning("scorer_away", scorer=self._first.name, instead=self._second.name, error=str(error))
