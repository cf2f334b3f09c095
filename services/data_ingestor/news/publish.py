"""Publishes waiting articles. An article counts as seen when the broker has confirmed the article."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import structlog

from services.common.broker.port import Broker, OutgoingMessage
from services.common.broker.topology import NEWS_ARTICLE
from services.common.errors import NeverWorks, TryLater
from services.common.runtime.metrics import ARTICLES_PUBLISHED, ARTICLES_SKIPPED
from services.common.runtime.tracing import trace_headers
from services.data_ingestor.news.seen.seen import SeenArticles, WaitingArticle
from services.data_ingestor.news.select import Skip
from services.data_ingestor.news.turns.turns import Turns

log = structlog.get_logger(__name__)

BATCH = 50
CONFIRM_SECONDS = 10.0
LONGEST_SECONDS = (BATCH + 1) * CONFIRM_SECONDS
"""The maximum time that `publish_waiting` takes, even if it publishes the articles of a refused batch one by one."""


def publish_waiting(broker: Broker, seen: SeenArticles, turns: Turns, *, queue_is_empty: bool = False) -> int:
    """Publish the next batch of waiting articles (see `Turns`); return the number of confirmed articles.

    Raises:
        TryLater: the broker is unavailable or refuses every article; articles without a confirmation do not count as
            seen.
    """
    batch = turns.next_batch(BATCH, queue_is_empty=queue_is_empty)
    if not batch:
        return 0
    try:
        broker.publish([_message(article) for article in batch], CONFIRM_SECONDS)
    except NeverWorks as error:
        return _publish_one_by_one(broker, seen, turns, batch, error)
    _confirmed(turns, batch)
    return len(batch)


def _publish_one_by_one(
    broker: Broker, seen: SeenArticles, turns: Turns, batch: Sequence[WaitingArticle], refusal: NeverWorks
) -> int:
    """Publish each article separately. Articles that the broker refuses are dropped, unless all are refused."""
    refused: dict[WaitingArticle, NeverWorks] = {}
    for article in batch:
        try:
            broker.publish([_message(article)], CONFIRM_SECONDS)
        except NeverWorks as error:
            refused[article] = error
        else:
            _confirmed(turns, [article])
    if len(refused) == len(batch):
        raise TryLater(f"the broker refuses every article: {refusal}") from refusal
    for article, reason in refused.items():
        log.error("article_refused", trace_id=article.article_id, source=article.source, error=str(reason))
        ARTICLES_SKIPPED.labels(article.source, Skip.REFUSED).inc()
    seen.confirm([article.article_id for article in refused])
    return len(batch) - len(refused)


def _confirmed(turns: Turns, articles: Sequence[WaitingArticle]) -> None:
    turns.confirm(articles)
    for source, count in Counter(article.source for article in articles).items():
        ARTICLES_PUBLISHED.labels(source).inc(count)
    for article in articles:
        log.info("article_published", trace_id=article.article_id, source=article.source)


def _message(article: WaitingArticle) -> OutgoingMessage:
    return OutgoingMessage(
        NEWS_ARTICLE, article.body, article.article_id, headers=trace_headers(article.article_id)
    )
