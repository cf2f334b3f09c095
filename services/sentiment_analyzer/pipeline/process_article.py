"""Processes articles in these steps: receive, match, recognise the story, score, publish, acknowledge.

Several worker threads take these steps at the same time, each with its own articles. There are more threads than
slots at the scorer, so that while all slots are taken, other threads match the next articles and publish earlier
signals. An article is acknowledged only after the broker has confirmed all its signals.

`judge_article` contains the steps match to score, which the command line and the research tools use without a broker.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from services.common.broker.port import Broker, Delivery
from services.common.broker.topology import RAW_NEWS_DATA
from services.common.clock import Clock
from services.common.errors import CannotSay, NeverWorks, StopProgram, TryLater
from services.common.messages import NewsArticle, decode
from services.common.runtime.lag import Lag
from services.common.runtime.metrics import QUEUE_LAG
from services.common.runtime.tracing import following, trace_id_of
from services.common.runtime.work import CallsInProgress
from services.common.sqlite import BUSY_SECONDS
from services.sentiment_analyzer.article.text import ArticleText, text_of
from services.sentiment_analyzer.matching.matcher import AssetMatcher, Match
from services.sentiment_analyzer.pipeline import outcome
from services.sentiment_analyzer.pipeline.failures import RefusedArticleError, ScorerFailures
from services.sentiment_analyzer.pipeline.intake import Intake
from services.sentiment_analyzer.pipeline.outcome import ANSWERS, Judged, Judgement, Outcome, record
from services.sentiment_analyzer.pipeline.publish import publish_signals
from services.sentiment_analyzer.pipeline.result_message import ResultSink
from services.sentiment_analyzer.pipeline.signals import make_signals
from services.sentiment_analyzer.pipeline.slots import NotBegunError, ScorerSlots
from services.sentiment_analyzer.scorers.port import Scorer, Unusable
from services.sentiment_analyzer.stories.placement import StoryPart
from services.sentiment_analyzer.stories.stories import Stories


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlePipeline:
    """The pipeline that articles pass through. Worker threads share one pipeline."""

    matcher: AssetMatcher
    stories: Stories | None
    scorer: Scorer
    slots: ScorerSlots
    broker: Broker
    failures: ScorerFailures
    clock: Clock
    max_age: timedelta | None
    lag: Lag
    work: CallsInProgress
    results: ResultSink

    def run(self, intake: Intake) -> None:
        """Process articles until the intake is over. An error that is raised here ends the intake for all workers.

        Raises:
            ScorerAwayError: the scorer has failed.
            TryLater: the broker has failed.
            StopProgram: the stored stories or receipts cannot be used, and waiting does not help.
        """
        try:
            while not intake.is_over:
                deliveries = intake.receive(self.scorer.articles_at_once)
                self.results.settle_late()
                if not deliveries and self.broker.health().ok:
                    self.lag.idle()
                if deliveries and not intake.is_over:  # else they are redelivered
                    self.process(deliveries, intake)
        except BaseException:
            intake.end()
            raise

    def process(self, deliveries: Sequence[Delivery], intake: Intake) -> bool:
        """Score articles one by one, publish their signals, acknowledge them; return whether the scorer answered.

        Raises:
            ScorerAwayError, TryLater, StopProgram: as in `run`. The signals of earlier articles are published first.
        """
        judged: list[Judged] = []
        has_answered = False
        try:
            for delivery in deliveries:
                if intake.stop.is_set():
                    break  # the rest is redelivered
                try:
                    with following(trace_id_of(delivery.headers, delivery.message_id)):
                        article = decode(delivery.body, NewsArticle)
                        judgement = self.judge(article, intake)
                except Exception as error:  # noqa: BLE001 - raised again unless it is settled
                    earlier, judged = judged, []
                    self._publish(earlier, intake)  # in order: see `ResultSink.settle_all`
                    self.failures.settle(delivery, error, intake)
                else:
                    self.failures.ended(delivery, judgement.outcome)
                    judged.append(Judged(delivery, article, judgement))
                    has_answered |= judgement.outcome in ANSWERS
        except NotBegunError:
            pass  # it is redelivered
        finally:
            self._publish(judged, intake)
        return has_answered

    def judge(self, article: NewsArticle, intake: Intake | None = None) -> Judgement:
        """Match the article, recognise its story and score it.

        Raises:
            NotBegunError: the intake was over before a slot at the scorer was free.
            TryLater, StopProgram: as the scorer and the stories raise them.
            RefusedArticleError: the scorer refuses the article, or its answer cannot be used.
        """
        now = self.clock.now()
        age = (now - article.fetched_at).total_seconds()
        QUEUE_LAG.labels(RAW_NEWS_DATA.name).observe(max(age, 0.0))
        self.lag.note(age)
        # It may wait for the score of another article first, and stories are read and written.
        with self.work.doing(f"judging {article.article_id}", 2 * self.scorer.patience + 2 * BUSY_SECONDS):
            try:
                judgement = judge_article(
                    article,
                    self.matcher,
                    self.scorer,
                    now,
                    max_age=self.max_age,
                    stories=self.stories,
                    clock=self.clock,
                    slot=self.slots.taken(article.article_id, intake),
                )
            except NeverWorks as error:
                raise RefusedArticleError(str(error)) from error
        if judgement.is_unusable:
            raise RefusedArticleError(judgement.reason)
        return judgement

    def _publish(self, judged: Sequence[Judged], intake: Intake) -> None:
        deliveries = [each.delivery for each in judged]
        signals = [signal for each in judged for signal in each.judgement.signals]
        try:
            are_confirmed = publish_signals(self.broker, signals, intake)
        except NeverWorks as error:
            # The signals are sound, so something is wrong with their queue; it may be mended meanwhile.
            for delivery in deliveries:
                self.failures.retry(delivery, str(error), intake)
            return
        if not are_confirmed:
            intake.release(deliveries)
            return
        for each in judged:  # first: a duplicate record after a crash is harmless; a missing one is not
            record(each.article.article_id, each.judgement, self.scorer.name)
        ended = [(each.article.article_id, each.judgement) for each in judged]
        self.results.add(ended, partial(intake.ack, deliveries))


def judge_article(
    article: NewsArticle,
    matcher: AssetMatcher,
    scorer: Scorer,
    now: datetime,
    *,
    max_age: timedelta | None = None,
    stories: Stories | None = None,
    clock: Clock | None = None,
    slot: AbstractContextManager[None] | None = None,
) -> Judgement:
    """Match one article, recognise its story and score it.

    Args:
        article: the article to judge.
        matcher: decides which assets the article is about.
        scorer: scores the article.
        now: the time of this call, in UTC.
        max_age: the age since publication above which an article is no longer scored.
        stories: the stories so far; if it is None, every article is a story of its own.
        clock: gives the time of the scores after the scorer has answered; if it is None, `now` is that time.
        slot: the context that is entered while the scorer is asked.

    Raises:
        TryLater, NeverWorks: as the scorer raises them. TryLater and StopProgram are raised by `stories` too.
    """
    text = text_of(article)
    match = matcher.match(text)
    if match.about in outcome.NOT_ABOUT_PAIRS:
        judgement = outcome.NOT_ABOUT_PAIRS[match.about]
    elif max_age is not None and now - article.published > max_age:
        if stories is not None:
            stories.keep_unsignalled(article.article_id)
        judgement = outcome.expired(now - article.published, max_age)
    else:
        matched = _Matched(article, text, match, now, clock)
        try:
            judgement = matched.judge(scorer, slot or nullcontext(), stories)
        except CannotSay as error:
            judgement = Judgement(Outcome.ABSTAINED, (), str(error), is_unusable=isinstance(error, Unusable))
    return replace(judgement, suspicions=text.suspicions) if text.suspicions else judgement


class _Matched(NamedTuple):
    """An article, and the assets or the market that it is about."""

    article: NewsArticle
    text: ArticleText
    match: Match
    now: datetime
    clock: Clock | None

    def judge(self, scorer: Scorer, slot: AbstractContextManager[None], stories: Stories | None) -> Judgement:
        """Recognise the article's story, score the article unless this is needless, and compare article and story."""
        if stories is None:
            return self.score(scorer, slot)
        article_id = self.article.article_id
        place = stories.place(self.article, self.text, self.now, self.match.named_tickers)
        if not place.is_to_be_scored:
            return outcome.judgement_of(place)
        if place.is_crowded and place.part is StoryPart.TOLD:
            from services.sentiment_analyzer.scorers.lexicon.scorer import shared_lexicon_scorer

            with suppress(CannotSay):
                by_words = self.score(shared_lexicon_scorer(), nullcontext())
                if stories.is_needless(article_id, by_words.signals):
                    return outcome.judgement_of(replace(place, part=StoryPart.UNSCORED))
        try:
            judgement = self.score(scorer, slot)
        except (TryLater, StopProgram):  # it will be scored: it stays what it is
            raise
        except Exception:
            stories.keep_unsignalled(article_id)
            raise
        if not judgement.signals:
            stories.keep_unsignalled(article_id)
            return judgement
        place = stories.keep_signals(article_id, judgement.signals, self.now)
        return outcome.judgement_of(place, degraded=judgement.degraded)

    def score(self, scorer: Scorer, slot: AbstractContextManager[None]) -> Judgement:
        """Score the article without regard to its story."""
        with slot:
            scores = scorer.score(self.text, [target.asset for target in self.match.targets])
        at = self.clock.now() if self.clock else self.now
        signals = make_signals(self.article, self.match, scores, at, self.text.suspicions)
        return Judgement(Outcome.SCORED, signals, degraded=scores.degraded)
