"""The service: news from `raw_news_data`, scored, as signals to `sentiment_signals_queue`.

An article is acknowledged only after the broker confirmed all its signals. While the scorer is away nothing is
taken from the queue: the news waits there, in order, and is not passed back and forth.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import structlog

from services.common.broker.port import Broker, Delivery, OutgoingMessage, Subscription
from services.common.broker.topology import RAW_NEWS_DATA, SENTIMENT_SIGNAL
from services.common.clock import Clock
from services.common.errors import NeverWorks, StopProgram, TryLater
from services.common.health import DependencyHealth, HealthReport
from services.common.messages import NewsArticle, decode
from services.common.metrics import ARTICLES_SCORED, SCORE_SECONDS, SIGNALS_PUBLISHED
from services.common.runner import FIRST_PAUSE_SECONDS, count_error, run_service, start_with_backoff
from services.common.settings import Settings
from services.sentiment_analyzer.asset_matching import AssetMatcher
from services.sentiment_analyzer.assets import load_registry
from services.sentiment_analyzer.scorer import Scorer
from services.sentiment_analyzer.scorers import build_scorer
from services.sentiment_analyzer.scoring import Judgement, judge_article
from services.sentiment_analyzer.signals import signal_id

log = structlog.get_logger(__name__)

NAME = "sentiment_processor"
RECEIVE_SECONDS = 0.5
CONFIRM_SECONDS = 10.0
SIGNALS_AT_ONCE = 50
"""Published together; few enough to find room in a queue that is nearly full."""
FAILURES_BLAMED_ON_THE_SCORER = 2
"""An article on which a scorer fails more often, though it answers its check in between, is set aside."""


@dataclass(frozen=True, slots=True)
class _Judged:
    delivery: Delivery
    article: NewsArticle
    judgement: Judgement


class _ScorerAwayError(TryLater):
    """The scorer cannot work now, as against the broker."""


class SentimentProcessor:
    """Scores articles one after another, as many at a time as the scorer says it pays."""

    def __init__(self, *, broker: Broker, scorer: Scorer, matcher: AssetMatcher, clock: Clock) -> None:
        self._broker = broker
        self._scorer = scorer
        self._matcher = matcher
        self._clock = clock
        self._scorer_away: str | None = None
        self._failures: Counter[int] = Counter()  # by body: not every publisher sets an id

    def start(self) -> None:
        """Connect to the broker and make sure that the scorer works."""
        self._broker.start()
        self._scorer.check()

    def run(self, stop: threading.Event) -> None:
        """Score until `stop` is set; then finish the article in hand."""
        while not stop.is_set():
            try:
                with closing(self._broker.subscribe(RAW_NEWS_DATA.name, self._prefetch)) as subscription:
                    while not stop.is_set():
                        deliveries = subscription.receive(self._scorer.articles_at_once, RECEIVE_SECONDS)
                        self._handle(subscription, deliveries, stop)
            except _ScorerAwayError as error:
                self._wait_for_scorer(error, stop)
            except TryLater as error:
                count_error(NAME, error)
                log.warning("broker_away", error=str(error))
                stop.wait(error.after or FIRST_PAUSE_SECONDS)

    def health(self) -> HealthReport:
        """The broker and the scorer, as they are now."""
        away = self._scorer_away
        scorer = self._scorer.health() if away is None else DependencyHealth(ok=False, detail=away)
        return {"broker": self._broker.health(), "scorer": scorer}

    def close(self) -> None:
        """Close the connections."""
        self._broker.close()
        self._scorer.close()

    @property
    def _prefetch(self) -> int:
        return self._scorer.articles_at_once + 1  # the next one is here when these are done

    def _handle(
        self, subscription: Subscription, deliveries: Sequence[Delivery], stop: threading.Event
    ) -> None:
        """Judge deliveries and end each. What is left when this raises is given back with the subscription."""
        judged: list[_Judged] = []
        away: _ScorerAwayError | None = None
        for delivery in deliveries:
            if stop.is_set():
                break
            try:
                judged.append(self._judge(delivery))
            except TryLater as error:
                away = self._blame(subscription, delivery, error)
                break
            except NeverWorks as error:
                count_error(NAME, error)
                log.warning("article_dead_lettered", message_id=delivery.message_id, reason=str(error))
                subscription.dead_letter(delivery, str(error))
            except Exception as error:  # a bug of ours must cost one article, not the service
                log.exception("article_failed", message_id=delivery.message_id, attempts=delivery.attempts)
                subscription.retry(delivery, f"{type(error).__name__}: {error}")
        self._publish(subscription, judged, stop)
        if away is not None:
            raise away

    def _judge(self, delivery: Delivery) -> _Judged:
        article = decode(delivery.body, NewsArticle)
        with SCORE_SECONDS.labels(self._scorer.name).time():
            judgement = judge_article(article, self._matcher, self._scorer, self._clock.now())
        return _Judged(delivery, article, judgement)

    def _blame(self, subscription: Subscription, delivery: Delivery, error: TryLater) -> _ScorerAwayError:
        """Note a failure of the scorer on a delivery; set the delivery aside if it seems to be the cause."""
        article = hash(delivery.body)
        self._failures[article] += 1
        if self._failures[article] > FAILURES_BLAMED_ON_THE_SCORER:
            del self._failures[article]
            subscription.retry(delivery, f"the scorer fails on this article and on no other: {error}")
        return _ScorerAwayError(str(error), after=error.after)

    def _publish(self, subscription: Subscription, judged: Sequence[_Judged], stop: threading.Event) -> None:
        """Publish the signals and end the deliveries. Nothing is lost if the broker is away: this waits."""
        deliveries = [each.delivery for each in judged]
        try:
            confirmed = self._publish_confirmed(_messages(judged), stop)
        except NeverWorks as error:
            # The signals are sound, so something is wrong with the way they go; it may be mended meanwhile.
            count_error(NAME, error)
            log.error("signals_refused", error=str(error))  # noqa: TRY400 - the reason is in the message
            for delivery in deliveries:
                subscription.retry(delivery, str(error))
            return
        if not confirmed:
            subscription.release(deliveries)
            return
        subscription.ack(deliveries)
        for each in judged:
            self._record(each)

    def _publish_confirmed(self, messages: Sequence[OutgoingMessage], stop: threading.Event) -> bool:
        """Publish until all is confirmed; False if `stop` was set before. Tries once even then."""
        for start in range(0, len(messages), SIGNALS_AT_ONCE):
            some = messages[start : start + SIGNALS_AT_ONCE]
            try:
                self._broker.publish(some, CONFIRM_SECONDS)
            except TryLater as error:
                count_error(NAME, error)
                log.warning("signals_waiting", error=str(error), signals=len(messages) - start)
                stop.wait(error.after or FIRST_PAUSE_SECONDS)
                if not start_with_backoff(partial(self._broker.publish, some, CONFIRM_SECONDS), stop, NAME):
                    return False
        return True

    def _record(self, each: _Judged) -> None:
        judgement = each.judgement
        self._failures.pop(hash(each.delivery.body), None)
        ARTICLES_SCORED.labels(self._scorer.name, judgement.outcome).inc()
        for signal in judgement.signals:
            SIGNALS_PUBLISHED.labels(signal.pair, signal.sentiment_label, signal.scope).inc()
        log.info(
            "article_judged",
            article_id=each.article.article_id,
            outcome=judgement.outcome.value,
            scores={signal.pair: round(signal.sentiment_score, 3) for signal in judgement.signals},
            **({"reason": judgement.reason} if judgement.reason else {}),
        )

    def _wait_for_scorer(self, error: TryLater, stop: threading.Event) -> None:
        """Return when the scorer answers its check again, or when `stop` is set."""
        self._scorer_away = str(error)
        count_error(NAME, error)
        log.warning("scorer_away", error=str(error))
        stop.wait(error.after or FIRST_PAUSE_SECONDS)
        if start_with_backoff(self._check_scorer, stop, NAME):
            self._scorer_away = None
            log.info("scorer_back")

    def _check_scorer(self) -> None:
        try:
            self._scorer.check()
        except StopProgram as error:
            # It worked when we started, so a person is likely at work on it; the news can wait for that.
            raise TryLater(str(error)) from error


def _messages(judged: Sequence[_Judged]) -> list[OutgoingMessage]:
    return [
        OutgoingMessage(SENTIMENT_SIGNAL, signal.encode(), signal_id(signal))
        for each in judged
        for signal in each.judgement.signals
    ]


def build(settings: Settings, clock: Clock) -> SentimentProcessor:
    """The service, with the adapters that the settings name."""
    from services.common.broker.open import open_broker

    return SentimentProcessor(
        broker=open_broker(settings, clock),
        scorer=build_scorer(settings),
        matcher=AssetMatcher(load_registry(), settings.trading_pairs),
        clock=clock,
    )


def main() -> None:
    """Run the service in this process."""
    sys.exit(run_service(NAME, build))


if __name__ == "__main__":
    main()
