"""The service that subscribes to articles, has workers process them, and waits if scorer or broker is unavailable."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from contextlib import closing
from datetime import timedelta

import structlog

from services.common.broker.port import Broker
from services.common.broker.topology import RAW_NEWS_DATA
from services.common.clock import Clock
from services.common.errors import TryLater
from services.common.runtime.health import DependencyHealth, HealthReport
from services.common.runtime.lag import Lag
from services.common.runtime.runner import FIRST_PAUSE_SECONDS, count_error
from services.common.runtime.work import CallsInProgress
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.pipeline.failures import ScorerAwayError, ScorerFailures
from services.sentiment_analyzer.pipeline.intake import NAME, Intake
from services.sentiment_analyzer.pipeline.process_article import ArticlePipeline
from services.sentiment_analyzer.pipeline.recovery import Recovery
from services.sentiment_analyzer.pipeline.result_message import NoResults
from services.sentiment_analyzer.pipeline.results import ResultPublisher
from services.sentiment_analyzer.pipeline.slots import ScorerSlots
from services.sentiment_analyzer.scorers.port import Scorer
from services.sentiment_analyzer.scorers.receipts.receipts import Receipts
from services.sentiment_analyzer.stories.stories import Stories

log = structlog.get_logger(__name__)

LAG_ADVICE = "run more processors, raise SENTIMENT_CONCURRENCY, or let old news expire (NEWS_MAX_AGE)"


class SentimentProcessor:
    """Scores articles, several at a time. Nothing is taken from the queue while the scorer is unavailable.

    Args:
        broker: the broker that delivers articles and receives signals.
        scorer: the scorer, which threads must be able to share.
        matcher: decides which assets an article is about.
        clock: gives the time from which the age of articles is computed.
        concurrency: the number of slots at the scorer.
        max_age: the age since publication above which an article is not scored.
        stories: the stories so far; if it is None, every article is a story of its own.
        receipts: the store in which the scorer keeps its receipts.
        results: publishes how each article ended; None if nobody asks.
        work: the register of running calls, for the watchdog.
        lag_limit: the age of articles, in seconds since they were fetched, from which the service reports a lag.
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
        results: ResultPublisher | None = None,
        work: CallsInProgress | None = None,
        lag_limit: float = 600.0,
    ) -> None:
        self.work = work or CallsInProgress()
        self._broker, self._scorer, self._concurrency = broker, scorer, concurrency
        self._results = results
        self._to_close = [part for part in (results, broker, scorer, stories, receipts) if part is not None]
        self._lag = Lag(NAME, lag_limit, what="articles are scored when they are", advice=LAG_ADVICE)
        self._stories = stories
        self._slots = ScorerSlots(scorer, concurrency, self.work)
        self._failures = ScorerFailures(self._slots, stories, results or NoResults())
        self._pipeline = ArticlePipeline(
            matcher=matcher,
            stories=stories,
            scorer=scorer,
            slots=self._slots,
            broker=broker,
            failures=self._failures,
            clock=clock,
            max_age=max_age,
            lag=self._lag,
            work=self.work,
            results=results or NoResults(),
        )
        self._recovery = Recovery(self._pipeline)

    def start(self) -> None:
        """Connect to the broker and make sure that articles can be scored."""
        self._broker.start()
        self._slots.check()
        if self._stories is not None:
            self._stories.tellings("")  # opens the file: that it cannot be used is found before there is news
        if self._results is not None:
            self._results.start()

    def run(self, stop: threading.Event) -> None:
        """Process articles until `stop` is set, and then finish the articles that were begun."""
        with ThreadPoolExecutor(self._workers, "article") as threads:
            while not stop.is_set():
                try:
                    with closing(self._broker.subscribe(RAW_NEWS_DATA.name, self._prefetch)) as subscription:
                        self._take_articles(Intake(subscription, stop, self.work), threads)
                except ScorerAwayError as error:
                    self._recovery.wait(error, stop)
                except TryLater as error:
                    count_error(NAME, error)
                    log.warning("broker_away", error=str(error))
                    stop.wait(error.after or FIRST_PAUSE_SECONDS)

    def _take_articles(self, intake: Intake, threads: Executor) -> None:
        try:
            if self._failures.failed:
                self._recovery.try_others(intake)
            else:
                self._work(intake, threads)
        finally:
            if self._results is not None:
                self._results.flush()  # while the articles can still be acknowledged

    def health(self) -> HealthReport:
        """Report the present state of the broker and the scorer, the lag, and whether results are published."""
        problem = self._recovery.problem
        scorer = self._scorer.health() if problem is None else DependencyHealth(ok=False, detail=problem)
        results = {} if self._results is None else {"results": self._results.health()}
        return {"broker": self._broker.health(), "scorer": scorer, "lag": self._lag.health(), **results}

    def close(self) -> None:
        """Close the connections."""
        for part in self._to_close:
            part.close()

    @property
    def _workers(self) -> int:
        """The number of workers.

        There are twice as many workers as slots at the scorer, so that some match or publish while all slots are
        taken. There is only one worker if there is one slot, or if scoring uses only the processor of this machine,
        because several workers would then only wait for one another.
        """
        return 1 if self._concurrency == 1 or self._scorer.articles_at_once > 1 else 2 * self._concurrency

    @property
    def _prefetch(self) -> int:
        if self._failures.failed:
            # Room for one article on which the scorer has not failed, behind the failed ones, which may come twice.
            # There is no room for more, because each article that is given back counts towards the delivery limit.
            return 2 * len(self._failures.failed) + 1
        # Room for the articles that are being scored, for as many that are being published, and for the next ones.
        return 2 * self._scorer.articles_at_once * self._concurrency + self._concurrency

    def _work(self, intake: Intake, threads: Executor) -> None:
        """Have all workers process articles until the intake is over, and raise the error that ended it."""
        workers = [threads.submit(self._pipeline.run, intake) for _ in range(self._workers)]
        wait(workers)
        _raise_worst([error for each in workers if (error := each.exception()) is not None])


def _raise_worst(failures: Sequence[BaseException]) -> None:
    """Raise the worst error: one that waiting cannot resolve, else one of the scorer, else one of the broker."""
    if failures:
        raise min(
            failures, key=lambda each: (isinstance(each, TryLater), not isinstance(each, ScorerAwayError))
        )
