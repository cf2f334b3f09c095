"""The service: news from `raw_news_data`, scored, as signals to `sentiment_signals_queue`.

Several articles are scored at the same time, each acknowledged when it is done; signals are published beside that, so
that the scorer always has work. While the scorer is away nothing is
taken from the queue: the news waits there, in order, and is not passed back and forth.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from functools import partial
from math import ceil

import structlog

from services.common.broker.port import Broker, Delivery, Subscription
from services.common.broker.topology import RAW_NEWS_DATA
from services.common.clock import Clock
from services.common.errors import TryLater
from services.common.files import check_folder
from services.common.messages import NewsArticle
from services.common.runtime.health import DependencyHealth, HealthReport
from services.common.runtime.lag import Lag
from services.common.runtime.metrics import QUEUE_LAG
from services.common.runtime.runner import FIRST_PAUSE_SECONDS, count_error, run_service
from services.common.runtime.work import WorkInHand
from services.common.scored_pairs import remembered_pairs
from services.common.settings.settings import Settings
from services.common.sqlite import BUSY_SECONDS
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.pipeline.consume import ScoringRound
from services.sentiment_analyzer.pipeline.faults import NAME, Faults, ScorerAwayError
from services.sentiment_analyzer.pipeline.judge_and_publish import ArticleDesk
from services.sentiment_analyzer.pipeline.score_article import Judgement, judge_article
from services.sentiment_analyzer.pipeline.scorer_outage import Recovery
from services.sentiment_analyzer.pipeline.slots import InFlight
from services.sentiment_analyzer.scorers.build import build_scorer
from services.sentiment_analyzer.scorers.model.prompt import PROMPT_VERSION
from services.sentiment_analyzer.scorers.port import Scorer
from services.sentiment_analyzer.scorers.receipts.receipts import FILE_NAME as RECEIPTS_FILE
from services.sentiment_analyzer.scorers.receipts.receipts import Receipts
from services.sentiment_analyzer.scorers.receipts.scorer import ReceiptScorer
from services.sentiment_analyzer.stories.file import FILE_NAME as STORIES_FILE
from services.sentiment_analyzer.stories.stories import Stories

log = structlog.get_logger(__name__)

RECEIVE_SECONDS = 0.5
LAG_ADVICE = "run more processors, raise SENTIMENT_CONCURRENCY, or let old news expire (NEWS_MAX_AGE)"


class SentimentProcessor:
    """Scores articles, several at a time.

    Args:
        broker: news comes from it, signals go to it.
        scorer: who scores; threads may share it.
        matcher: what articles are about.
        clock: tells the age of news.
        concurrency: how many requests to the scorer are under way at the same time.
        max_age: news published longer ago is not scored.
        stories: what was told before; without it every article is a story of its own.
        receipts: what the scorer keeps its receipts in, to be closed after it.
        check_state: raises TryLater or StopProgram where `stories` and `receipts` cannot be used.
        work: where the calls in hand are noted.
        lag_limit: age of an article in hand, since it was fetched, at which this says that it is behind; in seconds.
    """

    def __init__(
        self,
        *,
        broker: Broker,
        scorer: Scorer,
        matcher: AssetMatcher,
        clock: Clock,
        concurrency: int = 1,
        max_age: timedelta | None = None,
        stories: Stories | None = None,
        receipts: Receipts | None = None,
        check_state: Callable[[], None] = lambda: None,
        work: WorkInHand | None = None,
        lag_limit: float = 600.0,
    ) -> None:
        self._broker = broker
        self._matcher = matcher
        self._clock = clock
        self._concurrency = concurrency
        self._max_age = max_age
        self._stories = stories
        self._receipts = receipts
        self._check_state = check_state
        self.work = work or WorkInHand()
        self._scorer = InFlight(scorer, concurrency, self.work)
        # Another article may be scored first, and what was told is looked up and kept.
        judging = 2 * scorer.patience + 2 * BUSY_SECONDS
        self._desk = ArticleDesk(
            broker,
            scorer.name,
            self._judge,
            self.work,
            patience=judging,
            faults=Faults(self.work, self._give_up, self._check),
        )
        self._lag = Lag(NAME, lag_limit, what="articles are scored when they are", advice=LAG_ADVICE)
        self._recovery = Recovery(self._desk, self._check)

    def start(self) -> None:
        """Connect to the broker and make sure that the scorer and what it keeps can be used."""
        self._broker.start()
        self._check()

    def run(self, stop: threading.Event) -> None:
        """Score until `stop` is set; then finish the articles in hand."""
        with ThreadPoolExecutor(self._hands + 1, "score") as threads:
            while not stop.is_set():
                try:
                    with closing(self._broker.subscribe(RAW_NEWS_DATA.name, self._prefetch)) as subscription:
                        self._round(subscription, stop).run(threads, self._hands)
                except ScorerAwayError as error:
                    self._recovery.wait(error, stop)
                except TryLater as error:
                    count_error(NAME, error)
                    log.warning("broker_away", error=str(error))
                    stop.wait(error.after or FIRST_PAUSE_SECONDS)

    def health(self) -> HealthReport:
        """The broker and the scorer, as they are now."""
        away = self._recovery.away
        scorer = self._scorer.health() if away is None else DependencyHealth(ok=False, detail=away)
        return {"broker": self._broker.health(), "scorer": scorer, "lag": self._lag.health()}

    def close(self) -> None:
        """Close the connections."""
        for part in (self._broker, self._scorer, self._stories, self._receipts):
            if part is not None:
                part.close()

    @property
    def _hands(self) -> int:
        """Threads that judge: some prepare the next articles while all places at the scorer are taken.

        One where scores take only this processor's time: more would wait for each other at every turn.
        """
        if self._concurrency == 1 or self._scorer.articles_at_once > 1:
            return 1
        return self._concurrency + ceil(self._concurrency / 4)

    @property
    def _prefetch(self) -> int:
        if self._recovery.is_proving:
            # One that did not fail yet, past those that did, which may be there twice. No more: what is given back
            # when it fails again counts towards the delivery limit.
            return 2 * self._desk.faults.suspects.in_doubt + 1
        # As many as are being scored are being published, and the next ones are here.
        return 2 * self._scorer.articles_at_once * self._concurrency + self._concurrency

    def _round(self, subscription: Subscription, stop: threading.Event) -> ScoringRound:
        return ScoringRound(
            subscription,
            self._desk,
            self._scorer,
            self._recovery,
            receive=partial(self._receive, subscription),
            on_idle=self._note_idle,
            most_judged=self._prefetch,
            stop=stop,
        )

    def _note_idle(self) -> None:
        if self._broker.health().ok:
            self._lag.idle()

    def _receive(self, subscription: Subscription, count: int) -> list[Delivery]:
        with self.work.doing(f"receiving from {RAW_NEWS_DATA.name}", RECEIVE_SECONDS):
            return subscription.receive(count, RECEIVE_SECONDS)

    def _judge(self, article: NewsArticle) -> Judgement:
        now = self._clock.now()
        age = (now - article.fetched_at).total_seconds()
        QUEUE_LAG.labels(RAW_NEWS_DATA.name).observe(max(age, 0.0))
        self._lag.note(age)
        return judge_article(
            article,
            self._matcher,
            self._scorer,
            now,
            max_age=self._max_age,
            stories=self._stories,
            scored_at=self._clock.now,
        )

    def _give_up(self, article_id: str) -> None:
        if self._stories is not None:
            self._stories.silent(article_id)

    def _check(self) -> None:
        with self.work.doing("checking the scorer", self._scorer.patience):
            self._check_state()
            self._scorer.check()


def build(settings: Settings, clock: Clock) -> SentimentProcessor:
    """The service, with the adapters that the settings name."""
    from services.common.broker.open import open_broker

    receipts = Receipts(settings.state_dir / RECEIPTS_FILE)
    work = WorkInHand()
    stories = Stories(settings.state_dir / STORIES_FILE, work, most_scored=settings.story_tellings_scored)

    def check_state() -> None:
        check_folder(settings.state_dir)
        stories.tellings(
            ""
        )  # opens the file, so that one that can never be used is found before there is news
        receipts.of_article("")

    def keep(scorer: Scorer) -> Scorer:
        return ReceiptScorer(scorer, receipts, prompt_version=PROMPT_VERSION, clock=clock)

    return SentimentProcessor(
        broker=open_broker(settings, clock),
        scorer=build_scorer(settings, keep),
        stories=stories,
        receipts=receipts,
        check_state=check_state,
        matcher=AssetMatcher(load_registry(), remembered_pairs(settings, clock)),
        clock=clock,
        concurrency=settings.sentiment_concurrency,
        max_age=timedelta(seconds=settings.news_max_age) if settings.news_max_age else None,
        work=work,
        lag_limit=settings.lag_limit,
    )


def main() -> None:
    """Run the service in this process."""
    sys.exit(run_service(NAME, build))


if __name__ == "__main__":
    main()
