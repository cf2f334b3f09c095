"""The row of an article of a story, and the limits for keeping rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from services.common.clock import from_ms, to_ms
from services.sentiment_analyzer.stories.match import Telling

KEPT = timedelta(days=8)
"""The age from which an article may be deleted. It exceeds the duration of stories, because some news is processed
late."""
MOST_REMEMBERED = 10_000
"""The largest number of articles in memory, which equals four days of fifty sources with fifty articles a day each.
Without this limit, a flood of articles could fill the memory."""
REPOST = "reposted"
"""The value of `part` for a repost, which is not scored (see `placement.StoryPart`)."""


class Row(NamedTuple):
    """The stored form of an article of a story.

    Attributes:
        about: the tickers of the assets that the article is about, separated by spaces.
        signals: a JSON list of encoded signals, which is empty before the article is scored.
        owner: the publisher of the source, in lower case; the source itself if no other publisher is known.
        turn: the position of the article in the order in which the story's articles were scored, from 1; 0 before it
            is scored.
        stands: a JSON object of stances (see `stances.Stance`).
    """

    number: int
    article_id: str
    story: str
    part: str
    source: str
    published: datetime
    title: str
    lead: str
    about: str
    signals: str = "[]"
    owner: str = ""
    turn: int = 0
    stands: str = "{}"

    def telling(self) -> Telling:
        """Return the parts of the article that are compared."""
        return Telling(self.article_id, self.published, self.title, self.lead, frozenset(self.about.split()))


def new_row(number: int, telling: Telling, story: str, part: str, *, source: str, owner: str) -> Row:
    """Return the row of an article that was not scored yet."""
    # Times are cut to milliseconds, as in a file, so that stories in memory and in a file are the same.
    published = from_ms(to_ms(telling.published))
    about = " ".join(sorted(telling.about))
    title, lead = telling.title, telling.lead
    return Row(number, telling.article_id, story, part, source, published, title, lead, about, owner=owner)
