"""Measures how well articles that tell the same story are found, on pairs of articles that a person judged.

`story_pairs.csv` contains pairs of articles of different publishers, published within 48 hours of one another. It has
the ids that `./cryptoboy history import` gives the articles, and whether they tell the same story: whether they
report the same event or statement, so that the second article adds nothing that should move a price. A follow-up, a
round-up or an advertisement that mentions the event is not the same story.

The column `wording` is `near` if the TF-IDF vectors of headline and lead have a cosine of at least 0.35, else `far`;
half of the `far` pairs have similar headlines only. The measure of `story_match` was developed on the pairs marked
`tuned`; the pairs marked `fresh` were judged afterwards, and only details of the measure changed since then.

    python -m services.research.evaluate.cases.stories ARCHIVE.sqlite
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from services.research.evaluate.cases.rows import Row, share
from services.research.history.archive.archive import Archive
from services.research.history.scoring.article_scoring import as_message
from services.sentiment_analyzer.article.text import text_of
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.stories.index import StoryIndex
from services.sentiment_analyzer.stories.match import Telling

PAIRS_FILE = Path(__file__).with_name("story_pairs.csv")


class Pair(NamedTuple):
    """Two articles, and whether they tell the same story."""

    one: str
    other: str
    wording: str
    sample: str
    same_story: bool


SAMPLES: dict[str, Callable[[Pair], bool]] = {
    "near-duplicates": lambda pair: pair.wording == "near",
    "near-duplicates, judged afterwards": lambda pair: pair.sample == "fresh",
    "all pairs": lambda _pair: True,
}


def read_pairs(path: Path = PAIRS_FILE) -> list[Pair]:
    """Read a file such as `story_pairs.csv`."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Pair(row["one"], row["other"], row["wording"], row["sample"], row["same_story"] == "1")
            for row in csv.DictReader(file, strict=True)
        ]


def find_stories(archive: Path) -> dict[str, str]:
    """Return the story of each article of an archive, in the order in which the articles became known.

    Raises:
        StopProgram: the file is not an archive.
    """
    matcher = AssetMatcher.of_all_assets()
    index, stories = StoryIndex(), {}
    with Archive.open(archive) as articles:
        for article in articles.articles():
            text = text_of(as_message(article))
            about = matcher.match(text).named_tickers
            telling = Telling(article.article_id, article.published, text.title, text.body, about)
            stories[article.article_id] = index.find(telling) or article.article_id
            index.add(telling, stories[article.article_id])
    return stories


def measure(stories: dict[str, str], pairs: Sequence[Pair]) -> list[Row]:
    """Measure precision and recall of "the same story" for each of `SAMPLES`, without pairs of unknown articles."""
    rows = []
    for name, is_meant in SAMPLES.items():
        meant = [pair for pair in pairs if is_meant(pair) and {pair.one, pair.other} <= stories.keys()]
        found = [pair for pair in meant if stories[pair.one] == stories[pair.other]]
        right = sum(pair.same_story for pair in found)
        rows.append(share(f"{name}: precision", right, len(found)))
        rows.append(share(f"{name}: recall", right, sum(pair.same_story for pair in meant)))
    return rows


def main() -> None:
    """Measure the archive that is named on the command line."""
    stories = find_stories(Path(sys.argv[1]))
    sys.stdout.write(f"{len(stories)} articles, {len(set(stories.values()))} stories\n")
    for row in measure(stories, read_pairs()):
        low, high = row.interval or (0.0, 0.0)
        sys.stdout.write(f"{row.name}: {row.value or 0:.3f} (95% {low:.3f} to {high:.3f}, n {row.n})\n")


if __name__ == "__main__":
    main()
