"""Uses a second scorer while the configured one is unavailable or unusable; the second one's scores are degraded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from services.common.errors import CryptoBoyError, NeverWorks, TryLater
from services.common.runtime.health import DependencyHealth
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import Asset
from services.sentiment_analyzer.scorers.port import Scorer, Scores, Unusable

log = structlog.get_logger(__name__)


class FallbackScorer:
    """Asks the first scorer, or the second scorer if the first one is unavailable or refuses an article.

    Threads may share it. The circuit breakers of the first scorer's servers keep an outage from costing every article
    a timeout.
    """

    def __init__(self, first: Scorer, second: Scorer) -> None:
        self._first = first
        self._second = second
        self._problem: str | None = None
        self.name = first.name
        self.model = first.model
        self.articles_at_once = first.articles_at_once
        self.patience = first.patience + second.patience

    def check(self) -> None:
        """Check that one of the two scorers can work. The program may start while the first scorer is unavailable.

        Raises:
            StopProgram: the settings or files of this machine cannot be used.
        """
        try:
            self._first.check()
        except TryLater as error:
            self._note_away(error)
            self._second.check()

    def health(self) -> DependencyHealth:
        """Return the health of the first scorer, which is not required because the second scorer can replace it."""
        health = replace(self._first.health(), required=False)
        return health if self._problem is None else replace(health, ok=False, detail=self._problem)

    def digest(self) -> str:
        """Return the digest of the first scorer."""
        return self._first.digest()

    def close(self) -> None:
        """See `port.Scorer`."""
        self._first.close()
        self._second.close()

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:
        """Return the scores of the first scorer, or those of the second scorer marked as degraded.

        Raises:
            CannotSay: the scorer whose scores would be returned abstains.
        """
        try:
            scores = self._first.score(text, assets)
        except (TryLater, NeverWorks, Unusable) as error:
            self._note_away(error)
            return replace(self._second.score(text, assets), degraded=True)
        if self._problem is not None:
            self._problem = None
            log.info("scorer_back", scorer=self._first.name)
        return scores

    def _note_away(self, error: CryptoBoyError) -> None:
        was_well, self._problem = self._problem is None, str(error)
        if was_well:
            log.warning("scorer_away", scorer=self._first.name, instead=self._second.name, error=str(error))
