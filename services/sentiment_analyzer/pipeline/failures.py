"""Decides whether the article or the scorer is at fault if the scorer fails on an article or refuses it.

A scorer may pass its check and still fail on every article, for example because it is too slow. So an article is at
fault only if another article was scored after the scorer had failed on this article. Articles are identified by the
message body, because not every publisher sets an id.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import structlog

from services.common.broker.port import Delivery
from services.common.errors import CryptoBoyError, NeverWorks, StopProgram, TryLater
from services.common.messages import NewsArticle, decode
from services.common.runtime.runner import count_error
from services.common.runtime.tracing import following, trace_id_of
from services.sentiment_analyzer.pipeline.intake import NAME, Intake
from services.sentiment_analyzer.pipeline.outcome import ANSWERS, Outcome
from services.sentiment_analyzer.pipeline.refusals import LAST_ARTICLES, MOST_REFUSED, Refusals
from services.sentiment_analyzer.pipeline.result_message import ResultSink, article_id_of
from services.sentiment_analyzer.pipeline.slots import NotBegunError, ScorerSlots
from services.sentiment_analyzer.stories.stories import Stories

log = structlog.get_logger(__name__)


class ScorerAwayError(TryLater):
    """The scorer, not the broker, is unavailable now."""


class RefusedArticleError(CryptoBoyError):
    """The scorer refuses an article, or its answer about the article cannot be used."""

    reaction = NeverWorks.reaction


class ScorerFailures:
    """Records the failures of the scorer, and decides what happens to the articles. Threads share one instance.

    Attributes:
        failed: copies of the articles on which the scorer has failed since it was last known to work, keyed by
            message body.
        at_fault: the message bodies of the articles that are at fault if the scorer fails on them again.
        refusals: the record of which of the last articles the scorer refused.

    Args:
        slots: the slots of the scorer, through which the scorer is checked.
        stories: the stories so far; None if stories are not kept.
        results: takes which articles became dead letters.
    """

    def __init__(self, slots: ScorerSlots, stories: Stories | None, results: ResultSink) -> None:
        self._slots = slots
        self._stories = stories
        self._results = results
        self.failed: OrderedDict[bytes, Delivery] = OrderedDict()
        self.at_fault: set[bytes] = set()
        self.refusals = Refusals()

    def settle(self, delivery: Delivery, error: Exception, intake: Intake) -> None:
        """Settle the delivery of an article that could not be read or scored, if the article is at fault.

        Raises:
            ScorerAwayError: the scorer failed, and the article is not known to be at fault.
            NotBegunError: as in `ScorerSlots.taken`.
            TryLater: the broker cannot set the article aside now.
            StopProgram: the stored stories or receipts cannot be used.
        """
        with following(trace_id_of(delivery.headers, delivery.message_id)):
            match error:
                case NotBegunError() | StopProgram():
                    raise error
                case TryLater():
                    self._on_failure(delivery, error, intake)
                case RefusedArticleError():
                    self._on_refusal(delivery, error, intake)
                case NeverWorks():
                    self._dead_letter(delivery, error, intake)
                case _:  # a bug of ours must cost one article, not the service
                    attempts = delivery.attempts
                    log.error(
                        "article_failed", message_id=delivery.message_id, attempts=attempts, exc_info=error
                    )
                    self.retry(delivery, f"{type(error).__name__}: {error}", intake)

    def retry(self, delivery: Delivery, error: str, intake: Intake) -> None:
        """Have an article delivered again later, or dead-letter it if it failed too often. Raises TryLater."""
        self._results.settle_all()  # dead letters in a row are counted
        if intake.retry(delivery, error):
            self._results.add_dead_letter(article_id_of(delivery), error)

    def ended(self, delivery: Delivery, outcome: Outcome | None) -> None:
        """Record that processing an article ended. `outcome` is None if the article was refused or set aside."""
        self.failed.pop(delivery.body, None)
        self.at_fault.discard(delivery.body)
        if outcome in ANSWERS:
            self.refusals.note(delivery.body, refused=False)

    def end(self, at_fault: Iterable[bytes] = ()) -> None:
        """Forget the failures of the scorer, which works again, but keep the articles that are at fault."""
        self.at_fault = set(at_fault)
        self.failed.clear()
        self.refusals.clear()

    def note_refusal(self, delivery: Delivery, error: RefusedArticleError) -> TryLater | None:
        """Note that the scorer refused an article. Return an error if the scorer refuses nearly all articles."""
        self.refusals.note(delivery.body, refused=True)
        if not self.refusals.are_too_many:
            return None
        said = f"the scorer refused {MOST_REFUSED} of the last {LAST_ARTICLES} articles; the last because: {error}"
        return TryLater(said)

    def _on_failure(self, delivery: Delivery, error: TryLater, intake: Intake) -> None:
        """Set aside an article on which the scorer failed if the article is at fault, else raise ScorerAwayError."""
        if delivery.body not in self.at_fault:
            self.failed[delivery.body] = delivery
            raise _away(error) from error
        try:
            if self._stories is not None:  # another article may be the first of its story
                self._stories.keep_unsignalled(decode(delivery.body, NewsArticle).article_id)
        except TryLater as problem:
            raise _away(problem) from problem
        self.retry(delivery, f"the scorer fails on this article and not on others: {error}", intake)
        self.ended(delivery, None)

    def _on_refusal(self, delivery: Delivery, error: RefusedArticleError, intake: Intake) -> None:
        """Dead-letter an article that the scorer refused, unless the scorer refuses nearly all or fails its check."""
        if (failure := self.note_refusal(delivery, error)) is not None:
            count_error(NAME, error)
            self._on_failure(delivery, failure, intake)
            return
        try:
            self._slots.check()
        except TryLater as problem:
            raise _away(problem) from problem
        self._dead_letter(delivery, error, intake)
        self.ended(delivery, None)

    def _dead_letter(self, delivery: Delivery, error: CryptoBoyError, intake: Intake) -> None:
        count_error(NAME, error)
        self._results.settle_all()  # dead letters in a row are counted
        intake.dead_letter(delivery, str(error))
        self._results.add_dead_letter(article_id_of(delivery), str(error))
        log.warning("article_dead_lettered", message_id=delivery.message_id, reason=str(error))


def _away(error: TryLater) -> ScorerAwayError:
    return ScorerAwayError(str(error), after=error.after)
