"""Processes the articles of an archive as the live pipeline would: in parallel, with retries, results in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import NamedTuple

from services.common.errors import NeverWorks, TryLater
from services.common.messages import NewsArticle, SentimentSignal
from services.common.runtime.backoff import Backoff
from services.data_ingestor.news.relevance import is_relevant
from services.research.history.archive.articles import Article
from services.research.progress import Waiting, patient
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.pipeline.outcome import Outcome
from services.sentiment_analyzer.pipeline.process_article import judge_article
from services.sentiment_analyzer.scorers.port import Scorer
from services.sentiment_analyzer.stories.stories import Stories

NOT_PUBLISHED = "not_about_crypto"
"""The outcome of an article that the poller would not have published."""
REFUSED = "refused"
"""The outcome of an article that the scorer's server refuses."""
PATIENCE_SECONDS = 300.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0


class ArticleResult(NamedTuple):
    """The result for one article: its outcome, and either its signals or the reason why there is no score.

    `is_refused` is True if the scorer refused the article or gave an unusable answer, which may be the scorer's
    fault. `story` is the id of the first article of its story; empty if it is unknown.
    """

    article: Article
    outcome: str
    signals: tuple[SentimentSignal, ...] = ()
    reason: str = ""
    is_refused: bool = False
    story: str = ""


ProcessArticle = Callable[[Article], ArticleResult]


def article_processor(
    scorer: Scorer,
    matcher: AssetMatcher,
    stories: Stories | None = None,
    weights: Mapping[str, float] = MappingProxyType({}),
    owners: Mapping[str, str] = MappingProxyType({}),
) -> ProcessArticle:
    """Return a function that processes one article and raises TryLater if the scorer does.

    `weights` and `owners` map source names in lower case to the source's weight and owner; any other source has the
    weight 1 and is its own owner. With `stories`, the result of an article depends on the articles before it, so
    articles must be processed one at a time and in order.
    """

    def process(article: Article) -> ArticleResult:
        if not is_relevant(article.title, f"{article.summary}\n{article.content}"):
            return ArticleResult(article, NOT_PUBLISHED)
        name = article.source.casefold()
        message = as_message(article, weights.get(name, 1.0), owners.get(name, ""))
        try:
            judgement = judge_article(message, matcher, scorer, message.fetched_at, stories=stories)
        except NeverWorks as error:
            return ArticleResult(article, REFUSED, reason=str(error), is_refused=True)
        reason = judgement.reason if judgement.outcome is Outcome.ABSTAINED else ""
        outcome = judgement.outcome.value
        return ArticleResult(
            article,
            outcome,
            judgement.signals,
            reason,
            is_refused=judgement.is_unusable,
            story=judgement.story,
        )

    return process


def as_message(article: Article, weight: float = 1.0, owner: str = "") -> NewsArticle:
    """Return the message that the poller would have published when the article became known."""
    return NewsArticle(
        article_id=article.article_id,
        source=article.source,
        title=article.title,
        link=article.link,
        summary=article.summary,
        content=article.content,
        published=article.published,
        fetched_at=article.known_at,
        weight=weight,
        owner=owner,
    )


def process_in_order(
    articles: Sequence[Article],
    process: ProcessArticle,
    *,
    workers: int = 1,
    patience: float = PATIENCE_SECONDS,
    waiting: Waiting = patient,
) -> Iterator[ArticleResult]:
    """Process articles, `workers` of them in parallel, and yield the results in the order of the articles.

    `waiting` is called with the reason when an article begins to wait for the scorer.

    If the iteration ends early, by an error or because the caller stops, the remaining articles are not started.

    Raises:
        TryLater: the scorer was not available for `patience` seconds.
    """
    stop = threading.Event()

    def with_retries(article: Article) -> ArticleResult:
        return _with_retries(article, process, stop, patience, waiting)

    if workers == 1:
        yield from map(with_retries, articles)
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="scoring")
    try:
        yield from pool.map(with_retries, articles)
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def _with_retries(
    article: Article, process: ProcessArticle, stop: threading.Event, patience: float, waiting: Waiting
) -> ArticleResult:
    give_up_at = time.monotonic() + patience
    backoff, is_told = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS), False
    while True:
        try:
            return process(article)
        except TryLater as error:
            wait = error.after or backoff.failed()
            if time.monotonic() + wait > give_up_at:
                raise
            if not is_told:
                is_told = True
                waiting(str(error))
            if stop.wait(wait):
                raise
