"""The stories of a period that the most sources told independently of each other."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from services.common.history.port import HistoryReader
from services.operations.answer import Answer
from services.operations.news.grouping import gather
from services.operations.news.stories import StoryRow, story_row

MOST_ROWS = 100_000
"""The largest number of articles that are counted; the newest of the period."""
_CANDIDATES = 60
"""As many stories are looked at, since those that are about no pair or began earlier are left out."""


@dataclass(frozen=True, slots=True)
class ToldStory(Answer):
    """A story, and the number of publishers that told it; sources of one owner are one publisher."""

    story: StoryRow
    publishers: int


def most_told(
    history: HistoryReader, since: datetime, until: datetime, most: int = 3
) -> tuple[ToldStory, ...]:
    """The stories that began in a period, with those first that the most publishers told; of equal ones, the newest.

    A story without a signal is left out.

    Raises:
        TryLater, StopProgram: as the history does.
    """
    story_of: dict[str, str] = {}
    for head in history.scoring_heads(since, limit=MOST_ROWS):  # newest first
        if head.scored < until:
            story_of.setdefault(head.article_id, head.story or head.article_id)
    publishers: dict[str, set[str]] = defaultdict(set)
    newest: dict[str, datetime] = {}
    for article in history.article_times(since, limit=MOST_ROWS):  # newest first
        story = story_of.get(article.article_id)
        if story is not None and article.fetched < until:
            publishers[story].add(article.owner or article.source)
            newest.setdefault(story, article.fetched)
    ranked = sorted(publishers, key=lambda story: (len(publishers[story]), newest[story]), reverse=True)
    found = []
    gathered = gather(history, ranked[:_CANDIDATES])
    for story in ranked[:_CANDIDATES]:
        told = gathered.get(story)
        if told is not None and told.signals and told.articles[0].fetched >= since:
            found.append(ToldStory(story_row(told), len(publishers[story])))
    return tuple(found[:most])
