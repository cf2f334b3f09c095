"""Whose fault it is that an article was not scored: the article's, which is set aside, or the scorer's: news waits."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from services.common.broker.port import Delivery, Subscription
from services.common.errors import CryptoBoyError, NeverWorks, TryLater
from services.common.messages import NewsArticle, decode
from services.common.runtime.runner import count_error
from services.common.runtime.work import WorkInHand
from services.sentiment_analyzer.pipeline.refusals import LAST_ARTICLES, MOST_REFUSED, Refusals
from services.sentiment_analyzer.pipeline.score_article import ANSWERS, Outcome
from services.sentiment_analyzer.pipeline.suspects import Suspects

log = structlog.get_logger(__name__)

NAME = "sentiment_processor"
SETTLE_SECONDS = 30.0
"""What a broker may take to set a message aside."""


class ScorerAwayError(TryLater):
    """The scorer cannot work now, as against the broker."""


class RefusedArticleError(CryptoBoyError):
    """The scorer refuses an article, or says nothing of it that can be used."""

    reaction = NeverWorks.reaction


class Faults:
    """Judges failures of the scorer. Threads may share it.

    Attributes:
        suspects: articles on which it failed.
        refusals: articles that it refused, of the last ones.

    Args:
        work: where the calls in hand are noted.
        give_up: called with the id of an article that the scorer fails on, before it is set aside: others may speak
            for it. May raise TryLater.
        check: asks the scorer how it is; raises TryLater or StopProgram.
    """

    def __init__(self, work: WorkInHand, give_up: Callable[[str], None], check: Callable[[], None]) -> None:
        self._work = work
        self._give_up = give_up
        self._check = check
        self.suspects = Suspects()
        self.refusals = Refusals()

    def ended(self, delivery: Delivery, outcome: Outcome) -> None:
        """An article came to an end, and not by a fault."""
        self.suspects.ended(delivery, outcome)
        if outcome in ANSWERS:
            self.refusals.note(delivery.body, refused=False)

    def clear(self) -> None:
        """The scorer works: forget all that it failed on."""
        self.suspects.clear()
        self.refusals.clear()

    def failed(
        self, subscription: Subscription, delivery: Delivery, error: TryLater, *, alone: bool
    ) -> ScorerAwayError:
        """Note a failure of the scorer on a delivery; set the delivery aside if it is the cause."""
        if self.suspects.failed(delivery, alone=alone):
            reason = f"the scorer fails on this article and not on others: {error}"
            try:
                self._give_up(decode(delivery.body, NewsArticle).article_id)
            except TryLater as not_now:
                return ScorerAwayError(str(not_now), after=not_now.after)
            self.retry(subscription, delivery, reason)
            self.suspects.ended(delivery, None)
        return ScorerAwayError(str(error), after=error.after)

    def refused(
        self, subscription: Subscription, delivery: Delivery, error: RefusedArticleError, *, alone: bool
    ) -> ScorerAwayError | None:
        """Dead-letter an article that the scorer refuses, unless it is the scorer that is at fault.

        Raises:
            StopProgram: as the check does.
        """
        count_error(NAME, error)
        self.refusals.note(delivery.body, refused=True)
        if self.refusals.are_too_many:
            return self.failed(subscription, delivery, _refuses_nearly_all(error), alone=alone)
        try:
            self._check()
        except TryLater as problem:
            return ScorerAwayError(str(problem), after=problem.after)
        log.warning("article_dead_lettered", message_id=delivery.message_id, reason=str(error))
        with self._work.doing("setting an article aside", SETTLE_SECONDS):
            subscription.dead_letter(delivery, str(error))
        self.suspects.ended(delivery, None)
        return None

    def retry(self, subscription: Subscription, delivery: Delivery, error: str) -> None:
        """Set a delivery aside for another attempt."""
        with self._work.doing("setting an article aside", SETTLE_SECONDS):
            subscription.retry(delivery, error)

    def probe(
        self, judge: Callable[[Delivery], Outcome], stop: threading.Event, *, again: bool = False
    ) -> None:
        """Find out whether the scorer works, on copies of what it failed on: see `Suspects.probe`."""

        def outcome_of(copy: Delivery) -> Outcome:
            try:
                outcome = judge(copy)
            except RefusedArticleError as error:
                if self.refusals.are_too_many:
                    raise _refuses_nearly_all(error) from error
                raise
            if outcome in ANSWERS:
                self.refusals.note(copy.body, refused=False)
            return outcome

        self.suspects.probe(outcome_of, stop, again=again)


def _refuses_nearly_all(error: RefusedArticleError) -> TryLater:
    return TryLater(
        f"the scorer refused {MOST_REFUSED} of the last {LAST_ARTICLES} articles; the last because: {error}"
    )
