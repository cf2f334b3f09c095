"""Articles on which the scorer failed, and those that it refused: is it the article, or the scorer?

A scorer may pass its check and yet fail on every article: it is too slow for them, say. So an article is at fault only
where another one was scored after the scorer had failed on it. Articles are known by body: not every publisher sets an
id.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import structlog

from services.common.broker.port import Delivery
from services.common.errors import CryptoBoyError, NeverWorks, StopProgram, TryLater
from services.common.messages import NewsArticle, decode
from services.common.runtime.runner import count_error
from services.sentiment_analyzer.pipeline.intake import NAME, Intake
from services.sentiment_analyzer.pipeline.outcome import ANSWERS, Outcome
from services.sentiment_analyzer.pipeline.refusals import LAST_ARTICLES, MOST_REFUSED, Refusals
from services.sentiment_analyzer.pipeline.slots import NotBegunError, ScorerSlots
from services.sentiment_analyzer.stories.stories import Stories

log = structlog.get_logger(__name__)


class ScorerAwayError(TryLater):
    """The scorer cannot work now, as against the broker."""


class RefusedArticleError(CryptoBoyError):
    """The scorer refuses an article, or says nothing of it that can be used."""

    reaction = NeverWorks.reaction


class ScorerFailures:
    """What is known of the scorer's failures, and what becomes of the articles. Threads share it.

    Attributes:
        failed: copies of the articles on which the scorer has failed since it was last known to work, by body.
        at_fault: bodies of the articles that are at fault if the scorer fails on them again.
        refusals: which of the last articles the scorer refused.

    Args:
        slots: where the scorer is checked.
        stories: what was told before; None where nothing is kept of that.
    """

    def __init__(self, slots: ScorerSlots, stories: Stories | None) -> None:
        self._slots = slots
        self._stories = stories
        self.failed: OrderedDict[bytes, Delivery] = OrderedDict()
        self.at_fault: set[bytes] = set()
        self.refusals = Refusals()

    @contextmanager
    def settled(self, delivery: Delivery, intake: Intake) -> Iterator[None]:
        """Context for reading and scoring an article: settles its delivery if that fails and the article is at fault.

        Raises:
            ScorerAwayError: the scorer failed, and not by the fault of the article as far as is known.
            NotBegunError: as `ScorerSlots.taken`.
            TryLater: the broker cannot set the article aside now.
            StopProgram: what is kept of articles cannot be used.
        """
        try:
            yield
        except (NotBegunError, StopProgram):
            raise
        except TryLater as error:
            self._on_failure(delivery, error, intake)
        except RefusedArticleError as error:
            self._on_refusal(delivery, error, intake)
        except NeverWorks as error:
            self._dead_letter(delivery, error, intake)
        except Exception as error:  # a bug of ours must cost one article, not the service
            log.exception("article_failed", message_id=delivery.message_id, attempts=delivery.attempts)
            intake.retry(delivery, f"{type(error).__name__}: {error}")

    def ended(self, delivery: Delivery, outcome: Outcome | None) -> None:
        """An article came to an end: with an outcome, or without one because it was refused or set aside."""
        self.failed.pop(delivery.body, None)
        self.at_fault.discard(delivery.body)
        if outcome in ANSWERS:
            self.refusals.note(delivery.body, refused=False)

    def end(self, at_fault: Iterable[bytes] = ()) -> None:
        """The scorer works again: forget its failures, but for the articles that are at fault."""
        self.at_fault = set(at_fault)
        self.failed.clear()
        self.refusals.clear()

    def note_refusal(self, delivery: Delivery, error: RefusedArticleError) -> TryLater | None:
        """Note that the scorer refused an article. Returns its failure if it refuses nearly all."""
        self.refusals.note(delivery.body, refused=True)
        if not self.refusals.are_too_many:
            return None
        said = f"the scorer refused {MOST_REFUSED} of the last {LAST_ARTICLES} articles; the last because: {error}"
        return TryLater(said)

    def _on_failure(self, delivery: Delivery, error: TryLater, intake: Intake) -> None:
        """Set an article aside on which the scorer failed, if the article is at fault."""
        if delivery.body not in self.at_fault:
            self.failed[delivery.body] = delivery
            raise _away(error) from error
        try:
            if self._stories is not None:  # another article may be the first of its story
                self._stories.keep_unsignalled(decode(delivery.body, NewsArticle).article_id)
        except TryLater as problem:
            raise _away(problem) from problem
        intake.retry(delivery, f"the scorer fails on this article and not on others: {error}")
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
        log.warning("article_dead_lettered", message_id=delivery.message_id, reason=str(error))
        intake.dead_letter(delivery, str(error))


def _away(error: TryLater) -> ScorerAwayError:
    return ScorerAwayError(str(error), after=error.after)
