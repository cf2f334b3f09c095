"""Describes how an article ended, and makes the message `news.scored` from that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.common.broker.envelope import bounded, identity
from services.common.broker.port import Delivery, OutgoingMessage
from services.common.broker.topology import NEWS_SCORED
from services.common.messages import NewsScored, ScoringReceipt
from services.common.runtime.tracing import trace_headers, trace_id_of
from services.sentiment_analyzer.pipeline.outcome import ANSWERS, Judgement

DEAD_LETTERED = "dead_lettered"
"""The outcome of an article that could not be handled."""
MOST_REASON_CHARS = 2_000

Ended = tuple[str, Judgement]
"""The id of an article, and how it ended."""


class FindReceipt(Protocol):
    """Finds the receipt of an article; `degraded` says whether a fallback scored it."""

    def __call__(self, article_id: str, *, degraded: bool) -> ScoringReceipt | None:
        """Return the receipt; None if none was kept. Raises TryLater or StopProgram."""
        ...


@dataclass(frozen=True, slots=True)
class Result:
    """How an article ended.

    Attributes:
        judgement: None if the article became a dead letter.
        reason: why it became a dead letter; otherwise empty.
        scored_at: when its processing ended, in UTC.
    """

    article_id: str
    judgement: Judgement | None
    reason: str
    scored_at: datetime


class ResultSink(Protocol):
    """Takes how each article ended. No method raises an error or waits."""

    def add(self, ended: Sequence[Ended], settle: Callable[[], None]) -> None:
        """Take how articles ended; `settle` is called once, soon, in this thread or another one."""
        ...

    def add_dead_letter(self, article_id: str, reason: str) -> None:
        """Take that an article became a dead letter."""
        ...

    def settle_late(self) -> None:
        """If a `settle` has waited for too long, call all that wait."""
        ...

    def settle_all(self) -> None:
        """Call every `settle` that waits; on return, none that was taken before is still to be called."""
        ...


def article_id_of(delivery: Delivery) -> str:
    """Return the id of a delivered article, or an id made from its body, whatever the body contains."""
    return trace_id_of(delivery.headers, delivery.message_id) or identity("", delivery.body)


class NoResults:
    """The `ResultSink` of a pipeline whose results nobody records."""

    def add(self, ended: Sequence[Ended], settle: Callable[[], None]) -> None:  # noqa: ARG002 - the port's
        """See `ResultSink`."""
        settle()

    def add_dead_letter(self, article_id: str, reason: str) -> None:
        """See `ResultSink`."""

    def settle_late(self) -> None:
        """See `ResultSink`."""

    def settle_all(self) -> None:
        """See `ResultSink`."""


def message_of(result: Result, find_receipt: FindReceipt) -> OutgoingMessage:
    """Return the message of a result. Raises what `find_receipt` raises, and ValidationError if a field is invalid."""
    judgement, article_id = result.judgement, result.article_id
    if judgement is None:
        scored = NewsScored(
            article_id=article_id,
            outcome=DEAD_LETTERED,
            reason=bounded(result.reason, MOST_REASON_CHARS),
            scored_at=result.scored_at,
        )
    else:
        was_asked = judgement.outcome in ANSWERS
        scored = NewsScored(
            article_id=article_id,
            outcome=judgement.outcome.value,
            reason=bounded(judgement.reason, MOST_REASON_CHARS),
            story=judgement.story,
            suspicions=tuple(sorted(each.value for each in judgement.suspicions)),
            receipt=find_receipt(article_id, degraded=judgement.degraded) if was_asked else None,
            scored_at=result.scored_at,
        )
    message_id = f"{article_id}:{scored.outcome}:{scored.scored_at.isoformat()}"
    return OutgoingMessage(
        NEWS_SCORED, scored.encode(), message_id, trace_headers(article_id), mandatory=False
    )
