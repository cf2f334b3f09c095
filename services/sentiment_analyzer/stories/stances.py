"""The stance of each article of a story on each pair, in the form that is stored with the article. Pure.

A stance is decided once, when the article has been scored (see `agreement`). Corroborations and revisions are
computed from the stored stances, so that a change of the rules or the word lists never changes what was published.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from services.common.messages import SentimentSignal, decode
from services.sentiment_analyzer.stories.rows import Row

NO_STANCES = "{}"
"""The stored stances of an article that was not scored, or is suspected."""


class Stance(NamedTuple):
    """The stance of one article on one pair, with regard to the signals of its story.

    Attributes:
        score: the score of the article for the pair, -1..+1.
        scope: the scope of the article's own signal.
        is_own: whether the article's own signal is published.
        joins: the articles whose signals this article corroborates, at most one for each scope.
        against: the articles whose signals this article contradicts, unless its owner had contradicted them before.
        revised: the number of revisions of its own signal that an older release published for articles without a
            stance.
    """

    score: float
    scope: str
    is_own: bool
    joins: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    revised: int = 0


Stances = Mapping[str, Stance]
"""The stances of an article, keyed by pair."""


NONE = Stance(0.0, "", is_own=False)
"""The value that means that an article has no stance on a pair."""


def encode_stances(stances: Stances) -> str:
    """Return stances as the text that is stored."""
    return json.dumps(stances)


@lru_cache(maxsize=4096)  # all articles of a story are read whenever another one joins it
def decode_stances(kept: str) -> Stances:
    """Return the stances in a stored text."""
    return {
        pair: Stance(score, scope, is_own, tuple(joins), tuple(against), *revised)
        for pair, (score, scope, is_own, joins, against, *revised) in json.loads(kept).items()
    }


# They are read for each pair of each article that joins the story, and news of every asset has a hundred signals.
@lru_cache(maxsize=64)
def decode_signals(kept: str) -> tuple[SentimentSignal, ...]:
    """Return the signals in a stored text."""
    return tuple(decode(each.encode(), SentimentSignal) for each in json.loads(kept))


def in_scoring_order(rows: Iterable[Row]) -> list[Row]:
    """Return the articles that have been scored, in the order in which they were scored."""
    return sorted((row for row in rows if row.turn), key=lambda row: row.turn)


def was_scored_before(owner: str, rows: Iterable[Row]) -> bool:
    """Whether an article of that owner has been scored. Suspected articles do not count."""
    return any(row.owner == owner and row.stands != NO_STANCES for row in rows)


def stance_of(row: Row, pair: str) -> Stance:
    """Return the stance of an article on a pair; NONE if the article has no stance on it."""
    return decode_stances(row.stands).get(pair, NONE)
