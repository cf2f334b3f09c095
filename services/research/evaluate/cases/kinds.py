"""Measures whether a scorer finds the kinds of news that cost money: precision and recall for each of them.

The rows with the half `dev` are in `kinds.csv`, which the rules of the lexicon were developed on. Those with `held_out`
are in `kinds_held_out.csv`, which was labelled and kept before there were rules, and was measured when they were ready.
The column `kinds` has one kind, or two joined by +, either of which is right, or `none`: the headline tells of none of
`COSTLY`, though often in the words of one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from services.common.values import COSTLY, EventType
from services.research.evaluate.cases.rows import HALVES, Row, read_cases, share
from services.research.evaluate.predict import WithScorer
from services.sentiment_analyzer.scorers.port import Scorer

FILES = tuple(Path(__file__).with_name(name) for name in ("kinds.csv", "kinds_held_out.csv"))
NONE = "none"
_LABELS = frozenset(
    {NONE, *COSTLY, *(f"{one}+{other}" for one in COSTLY for other in COSTLY if one != other)}
)


class Labelled(NamedTuple):
    """A headline with the kinds of `COSTLY` that are right; none if it tells of none of them."""

    half: str
    kinds: tuple[EventType, ...]
    headline: str


def read_kinds(paths: Sequence[Path] = FILES) -> list[Labelled]:
    """Read files such as `kinds.csv`. They are part of the program, so a mistake in one raises ValueError."""
    rows = [row for path in paths for row in read_cases(path, {"kinds": _LABELS})]
    return [Labelled(row["half"], _kinds(row["kinds"]), row["headline"]) for row in rows]


def _kinds(label: str) -> tuple[EventType, ...]:
    return () if label == NONE else tuple(map(EventType, label.split("+")))


def measure(scorer: Scorer, paths: Sequence[Path] = FILES) -> list[Row]:
    """Measure precision and recall of each kind of `COSTLY` in each half; an abstention finds no kind.

    A headline of two kinds counts for the one that was found, or for the first of them.
    """
    read, headlines = WithScorer(scorer), read_kinds(paths)
    rows = []
    for half, name in HALVES.items():
        part = [one for one in headlines if one.half == half]
        rows += _rows(name, [(one.kinds, _found(read, one.headline)) for one in part])
    return rows


def _found(read: WithScorer, headline: str) -> EventType | None:
    score = read.score(headline)
    return score.event_type if score and score.event_type in COSTLY else None


def _rows(half: str, answers: Sequence[tuple[tuple[EventType, ...], EventType | None]]) -> list[Row]:
    said = Counter(found for _, found in answers if found)
    right = Counter(found for kinds, found in answers if found in kinds)
    there = Counter(found if found in kinds else kinds[0] for kinds, found in answers if kinds)
    of_none = [found for kinds, found in answers if not kinds]
    rows = []
    for kind in COSTLY:
        rows.append(share(f"{kind}: precision, {half}", right[kind], said[kind]))
        rows.append(share(f"{kind}: recall, {half}", right[kind], there[kind]))
    rows.append(share(f"{NONE}: said to be one of them, {half}", sum(map(bool, of_none)), len(of_none)))
    return rows
