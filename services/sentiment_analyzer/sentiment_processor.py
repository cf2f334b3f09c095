"""The service that scores news from `raw_news_data` for `sentiment_signals_queue`. See `pipeline`."""

from __future__ import annotations

import sys
from datetime import timedelta
from functools import partial

from services.common.clock import Clock
from services.common.runtime.runner import run_service
from services.common.runtime.work import CallsInProgress
from services.common.scored_pairs import remembered_pairs
from services.common.settings.settings import Settings
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.pipeline.intake import NAME
from services.sentiment_analyzer.pipeline.results import ResultPublisher
from services.sentiment_analyzer.pipeline.service import SentimentProcessor
from services.sentiment_analyzer.scorers.build import build_scorer
from services.sentiment_analyzer.scorers.model.prompt import PROMPT_VERSION
from services.sentiment_analyzer.scorers.port import Scorer
from services.sentiment_analyzer.scorers.receipts.published import receipt_of
from services.sentiment_analyzer.scorers.receipts.receipts import FILE_NAME as RECEIPTS_FILE
from services.sentiment_analyzer.scorers.receipts.receipts import Receipts
from services.sentiment_analyzer.scorers.receipts.scorer import ReceiptScorer
from services.sentiment_analyzer.stories.file import FILE_NAME as STORIES_FILE
from services.sentiment_analyzer.stories.stories import Stories


def build(settings: Settings, clock: Clock) -> SentimentProcessor:
    """Build the service with the adapters that the settings name."""
    from services.common.broker.open import open_broker

    work = CallsInProgress()
    receipts = Receipts(settings.state_dir / RECEIPTS_FILE)

    def keep(scorer: Scorer) -> Scorer:
        return ReceiptScorer(scorer, receipts, prompt_version=PROMPT_VERSION, clock=clock)

    scorer = build_scorer(settings, keep)
    return SentimentProcessor(
        broker=open_broker(settings, clock),
        scorer=scorer,
        matcher=AssetMatcher(load_registry(), remembered_pairs(settings, clock)),
        clock=clock,
        concurrency=settings.sentiment_concurrency,
        max_age=timedelta(seconds=settings.news_max_age) if settings.news_max_age else None,
        stories=Stories(settings.state_dir / STORIES_FILE, work, most_scored=settings.story_tellings_scored),
        receipts=receipts,
        results=ResultPublisher(
            open_broker(settings, clock), partial(receipt_of, receipts, scorer.model), clock
        ),
        work=work,
        lag_limit=settings.lag_limit,
    )


def main() -> None:
    """Run the service in this process."""
    sys.exit(run_service(NAME, build))


if __name__ == "__main__":
    main()
