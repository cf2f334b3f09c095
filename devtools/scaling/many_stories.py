"""Measures what an article costs a processor that knows many stories, without the scorer and the broker."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from devtools.bench.programs.sleeping_processor import SleepingScorer
from devtools.bench.samples import PAIRS, article
from devtools.scaling.figures import Figure, median, milliseconds
from services.sentiment_analyzer.article.text import text_of
from services.sentiment_analyzer.matching.assets import load_registry
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.pipeline.process_article import judge_article
from services.sentiment_analyzer.stories.stories import Stories

JUDGED = 40


def many_stories(folder: Path, count: int) -> Iterator[Figure]:
    """Measure the cost of one more article after `count` stories, which are stored in a file in the folder."""
    now = datetime.now(UTC)
    before = _own_memory()
    took: list[float] = []
    with closing(Stories(folder / "stories.sqlite")) as stories:
        for number in range(count):
            each = article(number, now - timedelta(seconds=count - number))
            text = text_of(each)
            took.append(milliseconds(partial(stories.place, each, text, now, frozenset({"BTC"}))))
        memory = _own_memory() - before
        matcher, scorer = AssetMatcher(load_registry(), PAIRS), SleepingScorer(0.0)
        judged = [
            milliseconds(
                partial(judge_article, article(count + number, now), matcher, scorer, now, stories=stories)
            )
            for number in range(JUDGED)
        ]
    tenth = max(1, count // 10)
    yield Figure(f"processor: placing an article among {tenth} stories", median(took[: 2 * tenth]), "ms")
    yield Figure(f"processor: placing an article among {count} stories", median(took[-tenth:]), "ms")
    yield Figure("processor: all of an article but the scorer and the broker", median(judged), "ms")
    yield Figure("processor: memory of a story", memory / count, "bytes")
    yield Figure(
        "processor: a story on the disk", (folder / "stories.sqlite").stat().st_size / count, "bytes"
    )


def _own_memory() -> int:
    """The peak resident memory of this process in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
