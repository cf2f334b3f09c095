"""Measures whether a second article on a story is recognised as a retelling, denial, correction or follow-up.

`tellings.csv` contains pairs of made-up headlines and leads. The second article is from another source, half an hour
after the first; the column `kind` is its relation to the first. The words of `denial_words.toml` were collected on
the half `dev`. The half `held_out` was written by another person and not read by the person who collected the words.

Each pair is processed as live articles are, and three results are measured: whether the story is found, whether the
scores agree, and whether a word of denial is found.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from services.common.errors import NeverWorks
from services.common.messages import NewsArticle
from services.research.evaluate.cases.rows import HALVES, Row, read_cases, share
from services.sentiment_analyzer.matching.matcher import AssetMatcher
from services.sentiment_analyzer.pipeline.outcome import Judgement, Outcome
from services.sentiment_analyzer.pipeline.process_article import judge_article
from services.sentiment_analyzer.scorers.port import Scorer
from services.sentiment_analyzer.stories.stories import Stories

TELLINGS_FILE = Path(__file__).with_name("tellings.csv")
KINDS = ("retold", "denied", "corrected", "followed_up")
APART = timedelta(minutes=30)
_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Pair(NamedTuple):
    """Two articles, and the relation of the second to the first."""

    half: str
    kind: str
    first_title: str
    first_lead: str
    second_title: str
    second_lead: str


def read_pairs(path: Path = TELLINGS_FILE) -> list[Pair]:
    """Read a file such as `tellings.csv`. The file is part of the program, so a mistake in it raises ValueError."""
    return [Pair(**row) for row in read_cases(path, {"kind": KINDS})]


class Reading(NamedTuple):
    """The classification of the second article.

    Attributes:
        found: whether the second article was found to tell the story of the first.
        corroborates: whether the second article corroborates the first.
        contradicts: whether the second article was taken for a denial or a contradiction.
    """

    found: bool = False
    corroborates: bool = False
    contradicts: bool = False


class PairReader:
    """Processes the two articles of a pair as the live processor would."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._matcher = AssetMatcher.of_all_assets()

    def __call__(self, pair: Pair) -> Reading:
        """Classify the second article. Raises TryLater if the scorer does."""
        stories = Stories()
        first = _article("first", pair.first_title, pair.first_lead, _NOON)
        second = _article("second", pair.second_title, pair.second_lead, _NOON + APART)
        try:
            self._judge(first, stories)
            judged = self._judge(second, stories)
        except NeverWorks:
            return Reading()
        return Reading(
            found=judged.story == "first",
            corroborates=any(each.article_id == "first" and each.corroboration for each in judged.signals),
            contradicts=judged.outcome is Outcome.CONTRADICTS,
        )

    def _judge(self, article: NewsArticle, stories: Stories) -> Judgement:
        return judge_article(article, self._matcher, self._scorer, article.fetched_at, stories=stories)


def _article(name: str, title: str, lead: str, when: datetime) -> NewsArticle:
    link = f"https://news.invalid/{name}"
    return NewsArticle(
        article_id=name, source=name, title=title, link=link, summary=lead, published=when, fetched_at=when
    )


_DENIALS = frozenset({"denied", "corrected"})
_ROWS: dict[str, tuple[frozenset[str], Callable[[Reading], bool]]] = {
    "retellings whose story is found": (frozenset({"retold"}), lambda read: read.found),
    "retellings that corroborate": (frozenset({"retold"}), lambda read: read.corroborates),
    "retellings that contradict": (frozenset({"retold"}), lambda read: read.contradicts),
    "denials and corrections that corroborate": (_DENIALS, lambda read: read.corroborates),
    "follow-ups that corroborate": (frozenset({"followed_up"}), lambda read: read.corroborates),
}


def measure(scorer: Scorer, path: Path = TELLINGS_FILE) -> list[Row]:
    """Measure, for each half and true relation, how often the second article gets each classification."""
    read, pairs = PairReader(scorer), read_pairs(path)
    readings = {pair: read(pair) for pair in pairs}
    rows = []
    for half, name in HALVES.items():
        for row, (kinds, is_so) in _ROWS.items():
            meant = [pair for pair in pairs if pair.half == half and pair.kind in kinds]
            rows.append(share(f"{row}, {name}", sum(is_so(readings[pair]) for pair in meant), len(meant)))
    return rows
