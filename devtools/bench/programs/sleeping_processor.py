"""The sentiment processor with a scorer that only waits, as a client of a language model's server does.

python -m devtools.bench.programs.sleeping_processor SECONDS
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from functools import partial

from services.common.clock import Clock
from services.common.runtime.health import DependencyHealth
from services.common.runtime.runner import run_service
from services.common.settings.settings import Settings
from services.sentiment_analyzer.article.text import ArticleText
from services.sentiment_analyzer.matching.assets import Asset, load_registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.pipeline.service import SentimentProcessor
from services.sentiment_analyzer.scorers.port import AssetScore, Scores
from services.sentiment_analyzer.stories.file import FILE_NAME as STORIES_FILE
from services.sentiment_analyzer.stories.stories import Stories


class SleepingScorer:
    """A scorer that waits and then gives every asset the same score; see `port.Scorer`.

    Args:
        seconds: the duration of each score.
    """

    name = "sleeping"
    model = "sleeping-1"
    articles_at_once = 1

    def __init__(self, seconds: float) -> None:
        self._seconds = self.patience = seconds

    def check(self) -> None:
        """Do nothing, because this scorer always works."""

    def score(self, text: ArticleText, assets: Sequence[Asset]) -> Scores:  # noqa: ARG002 - the text is not read
        """Return the same score for all assets after the set number of seconds."""
        time.sleep(self._seconds)
        return Scores(self.model, {asset.ticker: AssetScore(0.5, 0.8) for asset in assets})

    def health(self) -> DependencyHealth:
        """Report that the scorer works."""
        return DependencyHealth(ok=True, detail="sleeps")

    def digest(self) -> str:
        """Return an empty digest, because the scores depend on nothing besides `model`."""
        return ""

    def close(self) -> None:
        """Do nothing, because there is nothing to close."""


def build(seconds: float, settings: Settings, clock: Clock) -> SentimentProcessor:
    """Build the processor on the broker that the settings choose."""
    from services.common.broker.open import open_broker

    return SentimentProcessor(
        broker=open_broker(settings, clock),
        scorer=SleepingScorer(seconds),
        matcher=AssetMatcher(load_registry(), settings.trading_pairs),
        clock=clock,
        concurrency=settings.sentiment_concurrency,
        stories=Stories(settings.state_dir / STORIES_FILE),
    )


if __name__ == "__main__":
    sys.exit(run_service("sentiment_processor", partial(build, float(sys.argv[1]))))
