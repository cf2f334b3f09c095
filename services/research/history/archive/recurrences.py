"""Distinguishes recurring titles: without a link to a page, an article is identified by source, title and day.

A daily "Market wrap" is another article each day. The first article keeps the id that the live poller gives; the
articles of other days get ids of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from services.data_ingestor.news.seen.article_id import canonical_link, digest, is_page
from services.research.history.archive.articles import Article


def by_day(articles: Iterable[Article], day_of: Callable[[str], date | None]) -> Iterator[Article]:
    """Yield the articles; one without a link to a page gets an id of its day if an article of another day has its id.

    Args:
        articles: in any order.
        day_of: returns the day (UTC) on which the stored article with an id was published, or None if there is none.
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
