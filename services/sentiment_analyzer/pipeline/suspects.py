"""Articles on which the scorer failed: is it the article, or the scorer?

A scorer may answer its check, which is one small request, and yet be too slow for every article. So an article is to
blame only where another one was scored since the scorer first failed on it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from services.common.broker.port import Delivery
from services.common.errors import StopProgram, TryLater
from services.sentiment_analyzer.pipeline.score_article import ANSWERS, Outcome

log = structlog.get_logger(__name__)

FAILURES_BLAMED_ON_THE_SCORER = 2
"""When an article failed so often, asked alone, another one is asked."""
MOST_IN_DOUBT = 4
"""So many articles that failed, and none that did not, are enough to know that it is the scorer."""


@dataclass(slots=True)
class _Suspect:
    copy: Delivery
    answers_before: int
    failures: int = 0


class Suspects:
    """What is known of failures. Threads may share it. Articles are known by body: not every publisher sets an id."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._suspects: dict[bytes, _Suspect] = {}
        self._answers = 0

    def failed(self, delivery: Delivery, *, alone: bool) -> bool:
        """The scorer failed on it; returns whether the article is to blame.

        Args:
            delivery: holds the article.
            alone: whether nothing else was being scored.
        """
        with self._lock:
            suspect = self._suspects.setdefault(delivery.body, _Suspect(delivery, self._answers))
            is_to_blame = alone and self._is_tried(suspect) and not self._is_in_doubt(suspect)
            suspect.failures += alone
            return is_to_blame

    def ended(self, delivery: Delivery, outcome: Outcome | None) -> None:
        """It came to an end, with an outcome or else without one; an answer says that the scorer works."""
        with self._lock:
            self._answers += outcome in ANSWERS
            self._suspects.pop(delivery.body, None)

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._suspects.clear()

    def is_in_doubt(self, delivery: Delivery) -> bool:
        """Whether it failed often, and no other article was scored since, so that nobody knows what is at fault."""
        with self._lock:
            suspect = self._suspects.get(delivery.body)
            return suspect is not None and self._is_in_doubt(suspect)

    @property
    def in_doubt(self) -> int:
        """How many are in doubt."""
        with self._lock:
            return sum(map(self._is_in_doubt, self._suspects.values()))

    def probe(
        self, judge: Callable[[Delivery], Outcome], stop: threading.Event, *, again: bool = False
    ) -> None:
        """Score copies of those that failed, one at a time, until it is time to ask another article.

        Outside of the queue: what is taken from it and given back each time would use up its delivery limit.

        Args:
            judge: what comes of an article.
            stop: set: no further one is begun.
            again: as for `next`.

        Raises:
            TryLater: the scorer failed again; says on how many articles.
            StopProgram: as `judge` does.
        """
        while not stop.is_set() and (copy := self.next(again=again)) is not None:
            try:
                outcome = judge(copy)
            except TryLater as error:
                self.failed(copy, alone=True)
                raise TryLater(
                    "the scorer answers its check, but failed on every article that it was asked since, one at a time "
                    f"(different ones: {len(self._suspects)}): {error}",
                    after=error.after,
                ) from error
            except StopProgram:
                raise
            except Exception as error:  # noqa: BLE001 - of this article; told again and ended when its delivery comes
                log.debug("article_failed", message_id=copy.message_id, error=str(error))
                self.ended(copy, None)
            else:
                self.ended(copy, outcome)

    def next(self, *, again: bool = False) -> Delivery | None:
        """A copy of one to be asked again, or None when it is time to ask an article that did not fail yet.

        Args:
            again: ask those in doubt again, in turn, though they are few: there is no other article.
        """
        with self._lock:
            for suspect in self._suspects.values():
                if not self._is_tried(suspect):
                    return suspect.copy
            doubted = [body for body, suspect in self._suspects.items() if self._is_in_doubt(suspect)]
            if not doubted or (len(doubted) < MOST_IN_DOUBT and not again):
                return None
            suspect = self._suspects.pop(doubted[0])
            self._suspects[suspect.copy.body] = suspect  # behind the others
            return suspect.copy

    def _is_tried(self, suspect: _Suspect) -> bool:
        return suspect.failures >= FAILURES_BLAMED_ON_THE_SCORER

    def _is_in_doubt(self, suspect: _Suspect) -> bool:
        return self._is_tried(suspect) and suspect.answers_before == self._answers
