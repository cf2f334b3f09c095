"""Selects the articles to publish next, in turn from each owner of sources, within a quota for each owner.

Therefore an owner whose sources list very many articles delays only its own articles. The newest articles of each
owner are published first; the oldest wait until they expire. Articles beyond the quota are published only while the
news queue is empty, and in small batches, so that no other article waits behind them. A queue of unknown length
counts as not empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain, islice, zip_longest

import structlog

from services.common.clock import Clock, to_ms
from services.common.runtime.metrics import SOURCE_OVER_QUOTA, SOURCE_WAITING
from services.data_ingestor.news.seen.seen import SeenArticles, WaitingArticle
from services.data_ingestor.news.turns.quota import Allowance, allowance_now, spent

SPARE_BATCH = 25
"""While the news queue is empty, a batch is filled up to this size with articles beyond the quotas."""

log = structlog.get_logger(__name__)


def in_turns(waiting: Sequence[Sequence[str]], most: int) -> list[str]:
    """Return the first article of each owner, then the second of each owner, and so on, at most `most` articles."""
    rounds = chain.from_iterable(zip_longest(*waiting))
    return list(islice((one for one in rounds if one is not None), most))


class Turns:
    """Selects the articles to publish next. Use from one thread; other threads may read `due`.

    Args:
        seen: the record of waiting articles and of each owner's remaining quota.
        quota: the setting NEWS_SOURCE_QUOTA.
        clock: the clock by which quotas are refilled.

    Attributes:
        due: the number of articles that may be published now, as of the last `look`.
    """

    def __init__(self, seen: SeenArticles, quota: int, clock: Clock) -> None:
        self._seen = seen
        self._quota = quota
        self._clock = clock
        self._known = seen.allowances()
        self._over: frozenset[str] = frozenset()
        self._shown: frozenset[str] = frozenset()
        self.due = 0

    def look(self) -> None:
        """Update `due`, the metrics and the log according to the waiting articles and the quotas."""
        waiting = self._seen.waiting_by_source
        by_owner = self._by_owner(waiting)
        allowed = self._allowed(by_owner)
        self.due = sum(min(waiting_of, allowed[owner]) for owner, waiting_of in by_owner.items())
        over = frozenset(owner for owner, waiting_of in by_owner.items() if waiting_of > allowed[owner])
        self._shown |= self._seen.owners.sources | waiting.keys()
        for source in self._shown:
            SOURCE_WAITING.labels(source).set(waiting[source])
            SOURCE_OVER_QUOTA.labels(source).set(waiting[source] > 0 and self._seen.owners.of(source) in over)
        for owner in over - self._over:
            log.warning("source_over_quota", owner=owner, waiting=by_owner[owner], quota=self._quota)
        self._over = over

    def next_batch(self, most: int, *, queue_is_empty: bool) -> list[WaitingArticle]:
        """Return the articles to publish now, in this order."""
        by_owner = self._by_owner(self._seen.waiting_by_source)
        allowed = self._allowed(by_owner)
        owners = sorted(by_owner, key=self._published_ms)
        chosen = in_turns([self._seen.newest(owner, allowed[owner]) for owner in owners], most)
        spare = SPARE_BATCH - len(chosen)
        if queue_is_empty and spare > 0:
            within = frozenset(chosen)
            newest = [self._seen.newest(owner, allowed[owner] + spare) for owner in owners]
            chosen += in_turns([[one for one in each if one not in within] for each in newest], spare)
        return self._seen.articles(chosen)

    def confirm(self, articles: Sequence[WaitingArticle]) -> None:
        """Record that these articles were published, so that they count as seen and towards the quota."""
        now_ms = to_ms(self._clock.now())
        published = Counter(self._seen.owners.of(article.source) for article in articles)
        left = {owner: spent(self._allowance(owner, now_ms), count) for owner, count in published.items()}
        self._seen.confirm([article.article_id for article in articles], left)
        self._known.update(left)

    def _by_owner(self, waiting: Mapping[str, int]) -> Counter[str]:
        by_owner: Counter[str] = Counter()
        for source, count in waiting.items():
            by_owner[self._seen.owners.of(source)] += count
        return by_owner

    def _allowed(self, owners: Mapping[str, int]) -> dict[str, int]:
        now_ms = to_ms(self._clock.now())
        return {owner: int(self._allowance(owner, now_ms).left) for owner in owners}

    def _published_ms(self, owner: str) -> int:
        """Return when an owner last published, in ms since 1970. The owner with the lowest value is first."""
        known = self._known.get(owner)
        return known.at_ms if known else 0

    def _allowance(self, owner: str, now_ms: int) -> Allowance:
        return allowance_now(self._known.get(owner), self._quota, now_ms)
