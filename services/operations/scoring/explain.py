"""Explains the score of an article: the receipts of its scores, and its story."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from services.common.errors import StopProgram
from services.sentiment_analyzer.scorers.receipts.receipts import FILE_NAME as RECEIPTS_FILE
from services.sentiment_analyzer.scorers.receipts.receipts import Receipt, Receipts
from services.sentiment_analyzer.stories.file import FILE_NAME as STORIES_FILE
from services.sentiment_analyzer.stories.rows import Row
from services.sentiment_analyzer.stories.stories import Stories

LISTED_IDS = 20
# As `signals.signal_id` writes it: article, pair, model, revision.
_SIGNAL_ID = re.compile(r"(?P<article>.+?):[A-Z0-9]+/[A-Z0-9]+(?::[A-Z0-9]+)?:.+:\d+")


@dataclass(frozen=True, slots=True)
class Explanation:
    """The stored information about an article.

    Attributes:
        tellings: the articles of the article's story, in the order in which they arrived; empty if the story is not
            known.
        receipts: the receipts of the article; if it has none, those of the first article of its story that has
            receipts.
    """

    article_id: str
    tellings: tuple[Row, ...]
    receipts: tuple[Receipt, ...]

    @property
    def story(self) -> str | None:
        """The id of the story's first article; None if the story is not known."""
        return self.tellings[0].story if self.tellings else None

    def as_json(self) -> dict[str, Any]:
        """A dictionary for `--json`: the story's articles with their signals, and the receipts with their keys."""
        return {
            "article_id": self.article_id,
            "story": self.story,
            "tellings": [
                {
                    "article_id": row.article_id,
                    "part": row.part,
                    "source": row.source,
                    "title": row.title,
                    "published": row.published.isoformat(),
                    "signals": [json.loads(signal) for signal in json.loads(row.signals)],
                }
                for row in self.tellings
            ],
            "receipts": [
                {
                    **receipt.key._asdict(),
                    "made_at": receipt.made_at.isoformat(),
                    "abstained": receipt.abstained,
                    "scores": {ticker: asdict(score) for ticker, score in receipt.scores.items()},
                    "usage": [asdict(usage) for usage in receipt.usage],
                }
                for receipt in self.receipts
            ],
        }


def explain(state_dir: Path, given: str) -> Explanation:
    """The receipts and the story of an article, or of the article that a signal came from.

    Args:
        state_dir: the folder of the sentiment processor's files. This function creates no file.
        given: an article_id or its beginning, or the message id of a signal.

    Raises:
        StopProgram: no article matches `given`, or the ids of several articles begin with it.
        TryLater: a file is locked by other processes.
    """
    with ExitStack() as opened:
        stories = Stories(path) if (path := state_dir / STORIES_FILE).is_file() else None
        receipts = Receipts(path) if (path := state_dir / RECEIPTS_FILE).is_file() else None
        known = [each for each in (stories, receipts) if each]
        for each in known:
            opened.callback(each.close)
        article_id = _article_of(given, known)
        if article_id is None:
            raise StopProgram(
                f"nothing in {state_dir.resolve()} was scored under {given!r}; an ID is an article_id or its "
                "beginning, or the message id of a signal, and STATE_DIR names the folder in which the sentiment "
                "processor keeps its receipts"
            )
        tellings = stories.tellings(article_id) if stories else []
        asked = [article_id, *(row.article_id for row in tellings if row.article_id != article_id)]
        found = next((there for name in asked if receipts and (there := receipts.of_article(name))), [])
    return Explanation(article_id, tuple(tellings), tuple(found))


def _article_of(given: str, known: Sequence[Stories | Receipts]) -> str | None:
    """Return the id of the article that `given` names, or None. Raises StopProgram if several articles match."""
    signal = _SIGNAL_ID.fullmatch(given)
    prefix = signal["article"] if signal else given
    if not prefix:
        return None
    beginning = {each for kept in known for each in kept.articles_beginning(prefix, LISTED_IDS + 1)}
    if prefix in beginning:
        return prefix
    if len(beginning) > 1:
        listed = "\n  ".join(sorted(beginning)[:LISTED_IDS])
        more = "" if len(beginning) <= LISTED_IDS else "\n  ... and more"
        raise StopProgram(f"several articles begin with {prefix!r}; give more of the id:\n  {listed}{more}")
    return next(iter(beginning), None)
