"""Titles that come again: without a link to a page, source and title make an article, but only within their day.

A daily "Market wrap" is another article each day. The first keeps the live poller's id; those of other days get ids of
their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from services.data_ingestor.news.seen.article_id import canonical_link, digest, is_page
from services.research.history.archive.articles import Article


def by_day(articles: Iterable[Article], day_of: Callable[[str], date | None]) -> Iterator[Article]:
    """The articles, those without a link under an id of their day where another day has the id already.

    Args:
        articles: in any order.
        day_of: the day (UTC) on which the article of an id that is kept was published; None if none is.
    """
    days: dict[str, date | None] = {}
    for article in articles:
        if is_page(canonical_link(article.link)):
            yield article
            continue
        identity, day = article.article_id, article.published.date()
        first = days.setdefault(identity, day_of(identity)) or day
        days[identity] = first
        yield article if day == first else article._replace(article_id=digest("day", identity, str(day)))
