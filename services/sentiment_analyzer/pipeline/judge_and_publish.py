"""What happens to articles from the moment they are in hand to the end of their deliveries.

An article is acknowledged only after the broker confirmed all its signals.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from services.common.broker.port import Broker, Delivery, OutgoingMessage, Subscription
from services.common.broker.topology import SENTIMENT_SIGNAL
from services.common.errors import NeverWorks, StopProgram, TryLater
from services.common.messages import NewsArticle, decode
from services.common.runtime.metrics import (
    ARTICLES_DEGRADED,
    ARTICLES_SCORED,
    ARTICLES_SUSPECTED,
    SCORES,
    SIGNALS_PUBLISHED,
    few,
)
from services.common.runtime.runner import FIRST_PAUSE_SECONDS, count_error, start_with_backoff
from services.common.runtime.tracing import following, trace_headers, trace_id_of
from services.common.runtime.work import WorkInHand
from services.sentiment_analyzer.pipeline.faults import (
    NAME,
    SETTLE_SECONDS,
    Faults,
    RefusedArticleError,
    ScorerAwayError,
)
from services.sentiment_analyzer.pipeline.score_article import ANSWERS, Judgement, Outcome
from services.sentiment_analyzer.pipeline.signals import signal_id
from services.sentiment_analyzer.pipeline.slots import NotBegunError

log = structlog.get_logger(__name__)

CONFIRM_SECONDS = 10.0
HOLD_SECONDS = 300.0
"""Deliveries stay in hand so long while the broker takes no signals; RabbitMQ ends who holds them for long."""
SIGNALS_AT_ONCE = 50
"""Published together; few enough to find room in a queue that is nearly full."""

Judge = Callable[[NewsArticle], Judgement]


@dataclass(frozen=True, slots=True)
class Judged:
    """A delivery, and what came of its article."""

    delivery: Delivery
    article: NewsArticle
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of deliveries that were judged together.

    Attributes:
        away: the scorer could not go on; the deliveries from there on are given back as the subscription closes.
    """

    judged: Sequence[Judged]
    away: ScorerAwayError | None = None

    @property
    def was_scored(self) -> bool:
        """Whether the scorer was asked and answered."""
        return any(each.judgement.outcome in ANSWERS for each in self.judged)


class ArticleDesk:
    """Judges articles, publishes their signals and ends their deliveries. Threads may share it.

    Attributes:
        faults: what is known of the scorer's failures.

    Args:
        broker: where the signals go.
        scorer_name: a label of metrics.
        judge: says what comes of an article; raises what a scorer raises.
        work: where the calls in hand are noted.
        patience: seconds that `judge` may take by the bounds of what it does.
        faults: says whose fault a failure of the scorer is.
    """

    def __init__(
        self,
        broker: Broker,
        scorer_name: str,
        judge: Judge,
        work: WorkInHand,
        *,
        patience: float,
        faults: Faults,
    ) -> None:
        self._broker = broker
        self._scorer_name = scorer_name
        self._judge_article = judge
        self._work = work
        self._patience = patience
        self.faults = faults

    def judge(
        self,
        subscription: Subscription,
        deliveries: Sequence[Delivery],
        stop: threading.Event,
        *,
        alone: bool,
    ) -> Batch:
        """Judge deliveries, and end those that can never be.

        Args:
            subscription: where they come from.
            deliveries: what to judge.
            stop: set: no further one is begun.
            alone: whether nothing else is being scored, so that a failure is this article's or the scorer's.

        Raises:
            StopProgram: what the scorer keeps cannot be used, and no waiting mends that.
        """
        judged: list[Judged] = []
        for delivery in deliveries:
            if stop.is_set():
                break
            with following(trace_id_of(delivery.headers, delivery.message_id)):
                try:
                    judged.append(each := self._judge(delivery))
                    self.faults.ended(delivery, each.judgement.outcome)
                except NotBegunError:  # it comes again, as the subscription closes
                    return Batch(judged)
                except TryLater as error:
                    return Batch(judged, self.faults.failed(subscription, delivery, error, alone=alone))
                except RefusedArticleError as error:
                    if away := self.faults.refused(subscription, delivery, error, alone=alone):
                        return Batch(judged, away)
                except NeverWorks as error:
                    count_error(NAME, error)
                    log.warning("article_dead_lettered", message_id=delivery.message_id, reason=str(error))
                    with self._work.doing("setting an article aside", SETTLE_SECONDS):
                        subscription.dead_letter(delivery, str(error))
                except StopProgram:
                    raise
                except Exception as error:  # a bug of ours must cost one article, not the service
                    log.exception(
                        "article_failed", message_id=delivery.message_id, attempts=delivery.attempts
                    )
                    self.faults.retry(subscription, delivery, f"{type(error).__name__}: {error}")
        return Batch(judged)

    def probe(self, stop: threading.Event, *, again: bool = False) -> None:
        """Find out whether the scorer works, on copies of what it failed on: see `Suspects.probe`."""

        def judge(copy: Delivery) -> Outcome:
            with following(trace_id_of(copy.headers, copy.message_id)):
                return self._judge(copy).judgement.outcome

        self.faults.probe(judge, stop, again=again)

    def _judge(self, delivery: Delivery) -> Judged:
        article = decode(delivery.body, NewsArticle)
        with self._work.doing(f"judging {article.article_id}", self._patience):
            try:
                judgement = self._judge_article(article)
            except NeverWorks as error:
                raise RefusedArticleError(str(error)) from error
        if judgement.is_unusable:
            raise RefusedArticleError(judgement.reason)
        return Judged(delivery, article, judgement)

    def publish(
        self,
        subscription: Subscription,
        judged: Sequence[Judged],
        stop: threading.Event,
        give_back: Callable[[], None],
    ) -> None:
        """Publish the signals and end the deliveries. Nothing is lost if the broker is away: this waits.

        Args:
            subscription: where the articles come from.
            judged: what came of them.
            stop: set: no longer wait.
            give_back: closes the subscription; called when this has waited long. The articles come again then.

        Raises:
            TryLater: the broker cannot take what ends the deliveries; they come again.
        """
        deliveries = [each.delivery for each in judged]
        began = time.monotonic()

        def hold_no_longer() -> None:
            if time.monotonic() - began >= HOLD_SECONDS:
                give_back()

        try:
            confirmed = self._publish_confirmed(_messages(judged), stop, hold_no_longer)
        except NeverWorks as error:
            # The signals are sound, so something is wrong with the way they go; it may be mended meanwhile.
            count_error(NAME, error)
            log.error("signals_refused", error=str(error))  # noqa: TRY400 - the reason is in the message
            for delivery in deliveries:
                self.faults.retry(subscription, delivery, str(error))
            return
        with self._work.doing("ending deliveries", SETTLE_SECONDS):
            if not confirmed:
                subscription.release(deliveries)
                return
            # First: what is recorded twice after a kill is no harm, what never is would be.
            for each in judged:
                self._record(each)
            subscription.ack(deliveries)

    def _publish_confirmed(
        self, messages: Sequence[OutgoingMessage], stop: threading.Event, on_failure: Callable[[], None]
    ) -> bool:
        """Publish until all is confirmed; False if `stop` was set before. Tries once even then."""
        for start in range(0, len(messages), SIGNALS_AT_ONCE):
            some = messages[start : start + SIGNALS_AT_ONCE]
            try:
                self._send(some)
            except TryLater as error:
                count_error(NAME, error)
                log.warning("signals_waiting", error=str(error), signals=len(messages) - start)
                stop.wait(error.after or FIRST_PAUSE_SECONDS)
                if not start_with_backoff(partial(self._send, some, on_failure), stop, NAME):
                    return False
        return True

    def _send(
        self, messages: Sequence[OutgoingMessage], on_failure: Callable[[], None] = lambda: None
    ) -> None:
        try:
            with self._work.doing("publishing signals", CONFIRM_SECONDS):
                self._broker.publish(messages, CONFIRM_SECONDS)
        except TryLater:
            on_failure()
            raise

    def _record(self, each: Judged) -> None:
        judgement = each.judgement
        ARTICLES_SCORED.labels(self._scorer_name, judgement.outcome).inc()
        if judgement.degraded:
            ARTICLES_DEGRADED.labels(self._scorer_name).inc()
        for suspicion in judgement.suspicions:
            ARTICLES_SUSPECTED.labels(suspicion).inc()
        for signal in judgement.signals:
            SIGNALS_PUBLISHED.labels(signal.pair, signal.sentiment_label, signal.scope).inc()
            SCORES.labels(few("source", signal.source), signal.sentiment_label).inc()
        log.info(
            "article_judged",
            trace_id=each.article.article_id,
            outcome=judgement.outcome.value,
            scores={signal.pair: round(signal.sentiment_score, 3) for signal in judgement.signals},
            **({"degraded": True} if judgement.degraded else {}),
            **({"suspicions": sorted(judgement.suspicions)} if judgement.suspicions else {}),
            **({"story": judgement.story} if judgement.story else {}),
            **({"reason": judgement.reason} if judgement.reason else {}),
        )


def _messages(judged: Sequence[Judged]) -> list[OutgoingMessage]:
    return [
        OutgoingMessage(
            SENTIMENT_SIGNAL, signal.encode(), signal_id(signal), trace_headers(signal.article_id)
        )
        for each in judged
        for signal in each.judgement.signals
    ]
