"""The port to where stories are kept, and an implementation in memory. For the file see `file`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from itertools import takewhile
from typing import NamedTuple, Protocol

from services.common.clock import from_ms, to_ms
from services.sentiment_analyzer.stories.match import Telling

KEPT = timedelta(days=8)
"""After this an article may be deleted. Longer than stories last, for news that is handled late."""
MOST_REMEMBERED = 10_000
"""Articles in memory: four days of fifty sources with fifty articles a day each. A flood must not fill the memory."""
REPOST = "reposted"
"""The part of an article that is not scored: see `placement.StoryPart`."""


class Row(NamedTuple):
    """An article of a story, as it is kept.

    Attributes:
        about: tickers, with a space between them.
        signals: a JSON list of encoded signals, empty before it is scored.
        owner: the publisher of the source, in lower case; the source itself if no other is known.
        turn: its place in the order in which the articles of the story were scored, from 1; 0 before it is scored.
        stands: a JSON object: see `stances.Stance`.
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
        """What is compared of it."""
        return Telling(self.article_id, self.published, self.title, self.lead, frozenset(self.about.split()))


def new_row(number: int, telling: Telling, story: str, part: str, *, source: str, owner: str) -> Row:
    """The row of an article that was not scored yet."""
    # A file keeps no more than milliseconds of a time: the same stories whatever they are kept in.
    published = from_ms(to_ms(telling.published))
    about = " ".join(sorted(telling.about))
    title, lead = telling.title, telling.lead
    return Row(number, telling.article_id, story, part, source, published, title, lead, about, owner=owner)


class StoryKeeper(Protocol):
    """Keeps the tellings of the last days. Use from one thread at a time."""

    def changing(self) -> AbstractContextManager[None]:
        """All that is done within it happens together. Everything else here is done within one.

        Raises:
            StopProgram: what they are kept in cannot be used.
            TryLater: other processes kept it busy for long.
        """
        ...

    def telling(self, article_id: str) -> Row | None:
        """What is kept of an article."""
        ...

    def story(self, story: str) -> Mapping[str, Row]:
        """The tellings of a story by article, in the order in which they came.

        Without the reposts, of which nothing ever comes: there may be thousands, and every telling would read them all.
        """
        ...

    def story_of(self, article_id: str) -> Mapping[str, Row]:
        """All tellings of the story that an article tells; empty for an unknown article."""
        ...

    def articles_beginning(self, prefix: str, most: int) -> Sequence[str]:
        """The ids of up to `most` articles that begin with `prefix`, which is not empty."""
        ...

    def after(self, number: int) -> Sequence[Row]:
        """All tellings that came after that one, in their order."""
        ...

    def add(self, telling: Telling, story: str, part: str, source: str, owner: str) -> Row:
        """Keep a telling; returns it as it is kept, after all others."""
        ...

    def set_part(self, article_id: str, part: str) -> None:
        """Change what an article is to its story."""
        ...

    def set_scored(self, row: Row) -> None:
        """Keep what came of an article: part, signals, turn and stands of `row`."""
        ...

    def close(self) -> None:
        """Let go of it. May be called twice."""
        ...


class StoryMemory:
    """A `StoryKeeper` for one process that can tell its stories again: what was told is gone with it.

    Args:
        rows: what was told before, in its order.
        last: the number of the last telling before it.
    """

    def __init__(self, rows: Iterable[Row] = (), last: int = 0) -> None:
        self._rows = {row.article_id: row for row in rows}
        self._stories: dict[str, list[str]] = {}
        for row in self._rows.values():
            self._stories.setdefault(row.story, []).append(row.article_id)
            last = max(last, row.number)
        self._last = last

    def changing(self) -> AbstractContextManager[None]:
        """See `StoryKeeper`. What was begun and failed stays, and is found when it is tried again."""
        return nullcontext()

    def telling(self, article_id: str) -> Row | None:
        """See `StoryKeeper`."""
        return self._rows.get(article_id)

    def story(self, story: str) -> Mapping[str, Row]:
        """See `StoryKeeper`."""
        return {key: row for key, row in self._all(story).items() if row.part != REPOST}

    def story_of(self, article_id: str) -> Mapping[str, Row]:
        """See `StoryKeeper`."""
        known = self._rows.get(article_id)
        return self._all(known.story) if known else {}

    def _all(self, story: str) -> dict[str, Row]:
        return {article_id: self._rows[article_id] for article_id in self._stories.get(story, ())}

    def articles_beginning(self, prefix: str, most: int) -> Sequence[str]:
        """See `StoryKeeper`."""
        return sorted(article_id for article_id in self._rows if article_id.startswith(prefix))[:most]

    def after(self, number: int) -> Sequence[Row]:
        """See `StoryKeeper`."""
        newer = list(takewhile(lambda row: row.number > number, reversed(self._rows.values())))
        return newer[::-1]

    def add(self, telling: Telling, story: str, part: str, source: str, owner: str) -> Row:
        """See `StoryKeeper`."""
        self._last += 1
        row = new_row(self._last, telling, story, part, source=source, owner=owner)
        self._rows[row.article_id] = row
        self._stories.setdefault(story, []).append(row.article_id)
        return row

    def set_part(self, article_id: str, part: str) -> None:
        """See `StoryKeeper`."""
        self._rows[article_id] = self._rows[article_id]._replace(part=part)

    def set_scored(self, row: Row) -> None:
        """See `StoryKeeper`."""
        self._rows[row.article_id] = row

    def forget_before(self, moment: datetime) -> None:
        """Forget the oldest tellings that were published before; they come first, give or take late news."""
        for row in list(takewhile(lambda row: row.published < moment, self._rows.values())):
            del self._rows[row.article_id]
            self._stories[row.story].remove(row.article_id)
            if not self._stories[row.story]:
                del self._stories[row.story]

    def close(self) -> None:
        """See `StoryKeeper`."""
