"""What each article of a story says of a pair, as it is kept with the article. Pure.

A stance is decided once, when the article has been scored (see `agreement`). Corroborations and revisions are computed
from the kept stances, so that a change of the rules or the word lists never changes what was published.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from services.common.messages import SentimentSignal, decode
from services.sentiment_analyzer.stories.rows import Row

NO_STANCES = "{}"
"""Kept of an article that was not scored, or is suspected."""


class Stance(NamedTuple):
    """What one article says of one pair, with regard to the signals of its story.

    Attributes:
        score: -1..+1.
        scope: of the article's own signal.
        is_own: whether the article's own signal is published.
        joins: the articles whose signals it corroborates: at most one for each scope.
        against: the articles whose signals it contradicts, unless its owner had contradicted them before.
        revised: how many revisions of its own signal an older release published for articles that have no stance.
    """

    score: float
    scope: str
    is_own: bool
    joins: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    revised: int = 0


Stances = Mapping[str, Stance]
"""By pair."""


NONE = Stance(0.0, "", is_own=False)
"""The stance on a pair that an article says nothing of."""


def encode_stances(stances: Stances) -> str:
    """Stances as the text that is stored."""
    return json.dumps(stances)


@lru_cache(maxsize=4096)  # all articles of a story are read whenever another one joins it
def decode_stances(kept: str) -> Stances:
    """Stances from the stored text."""
    return {
        pair: Stance(score, scope, is_own, tuple(joins), tuple(against), *revised)
        for pair, (score, scope, is_own, joins, against, *revised) in json.loads(kept).items()
    }


def decode_signals(kept: str) -> list[SentimentSignal]:
    """Signals from the stored text."""
    return [decode(each.encode(), SentimentSignal) for each in json.loads(kept)]


def in_scoring_order(rows: Iterable[Row]) -> list[Row]:
    """The articles that have been scored, in the order in which they were."""
    return sorted((row for row in rows if row.turn), key=lambda row: row.turn)


def was_scored_before(owner: str, rows: Iterable[Row]) -> bool:
    """Whether an article of that owner has been scored, suspected ones not counted."""
    return any(row.owner == owner and row.stands != NO_STANCES for row in rows)


def stance_of(row: Row, pair: str) -> Stance:
    """The stance of an article on a pair; NONE if it has none."""
    return decode_stances(row.stands).get(pair, NONE)
