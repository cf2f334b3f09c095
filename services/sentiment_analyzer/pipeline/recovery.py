"""Handles the time from the scorer's first failure until the scorer has scored an article again."""

from __future__ import annotations

import threading
from functools import partial

import structlog

from services.common.broker.port import Delivery
from services.common.errors import StopProgram, TryLater
from services.common.messages import NewsArticle, decode
from services.common.runtime.runner import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    count_error,
    start_with_backoff,
)
from services.common.runtime.tracing import following, trace_id_of
from services.sentiment_analyzer.pipeline.failures import RefusedArticleError, ScorerAwayError
from services.sentiment_analyzer.pipeline.intake import NAME, Intake
from services.sentiment_analyzer.pipeline.process_article import ArticlePipeline

log = structlog.get_logger(__name__)

MOST_FAILED = 4
"""If the scorer has failed on this many articles and has scored none, the scorer is at fault."""


class Recovery:
    """Finds out when the scorer works again, or which articles are at fault.

    The scorer first has to pass its check, and then has to score copies of the articles on which it failed. Copies
    are used because articles that are repeatedly taken from the queue and given back would reach the delivery limit.
    If the scorer has failed on few articles, other articles of the queue are tried.

    Args:
        pipeline: the pipeline that scores articles.

    Attributes:
        problem: the present problem of the scorer; None if there is no problem.
    """

    def __init__(self, pipeline: ArticlePipeline) -> None:
        self._pipeline = pipeline
        self._failures = pipeline.failures
        self.problem: str | None = None

    def wait(self, error: TryLater, stop: threading.Event) -> None:
        """Wait until it is worthwhile to take articles from the queue again, or until `stop` is set."""
        self._note_away(error)
        stop.wait(error.after or FIRST_PAUSE_SECONDS)
        if start_with_backoff(partial(self._try, stop), stop, NAME):
            self._note_back()

    def try_others(self, intake: Intake) -> None:
        """Process articles on which the scorer has not failed, one at a time, until it has scored one.

        The articles on which it failed stay unsettled meanwhile. If no other articles arrive, copies are tried from
        time to time.

        Raises:
            ScorerAwayError, TryLater, StopProgram: as in `ArticlePipeline.process`.
        """
        failed = self._failures.failed
        held: list[Delivery] = []
        while failed and not intake.is_over:
            deliveries = intake.receive(1)
            self._pipeline.results.settle_late()
            held += [each for each in deliveries if each.body in failed]
            if self._pipeline.process([each for each in deliveries if each.body not in failed], intake):
                self._failures.end(at_fault=failed)
                for each in held:  # alone: what fails beside one that crashes the scorer is not at fault
                    self._pipeline.process([each], intake)
            elif not deliveries and not intake.stop.wait(LONGEST_PAUSE_SECONDS):
                try:
                    self._try(intake.stop)
                except TryLater as error:
                    raise ScorerAwayError(str(error), after=error.after) from error
        self._note_back()

    def _try(self, stop: threading.Event) -> None:
        try:
            self._pipeline.slots.check()
            self._try_copies(stop)
        except (TryLater, StopProgram) as error:
            self.problem = str(error)
            if isinstance(error, TryLater):
                raise
            # It worked when we started, so a person is likely at work on it; the news can wait for that.
            raise TryLater(str(error)) from error

    def _try_copies(self, stop: threading.Event) -> None:
        """Have the scorer score copies of all articles on which it failed, one at a time.

        Raises:
            TryLater: the scorer failed again, and has failed on so many articles that there is no need to try others.
            StopProgram: the stored stories or receipts cannot be used.
        """
        failed = self._failures.failed
        for _ in range(len(failed)):
            body, copy = failed.popitem(last=False)
            failed[body] = copy  # behind the others
            if stop.is_set():
                return
            try:
                self._try_copy(copy)
            except TryLater as error:
                self.problem = (
                    "the scorer answers its check, but failed on every article that it was asked since, one at a time "
                    f"(different ones: {len(failed)}): {error}"
                )
                if len(failed) >= MOST_FAILED:
                    raise TryLater(self.problem, after=error.after) from error
                self._pipeline.slots.check()  # else the breaker of its server answers for the next ones
        if not failed:
            self._failures.end()

    def _try_copy(self, copy: Delivery) -> None:
        outcome = None
        with following(trace_id_of(copy.headers, copy.message_id)):
            try:
                outcome = self._pipeline.judge(decode(copy.body, NewsArticle)).outcome
            except RefusedArticleError as error:
                if (failure := self._failures.note_refusal(copy, error)) is not None:
                    raise failure from error
            except (TryLater, StopProgram):
                raise
            except Exception as error:  # noqa: BLE001 - logged, and settled, when the article is delivered
                log.debug("article_failed", message_id=copy.message_id, error=str(error))
        self._failures.ended(copy, outcome)

    def _note_away(self, error: TryLater) -> None:
        self.problem = str(error)
        count_error(NAME, error)
        log.warning("scorer_away", error=str(error))

    def _note_back(self) -> None:
        if self.problem is not None and not self._failures.failed:
            self.problem = None
            log.info("scorer_back")
