"""Measures whether a score has the right sign if a verb in the headline ends or undoes a move: "halts its slide".

The column `half` of `reversals.csv` is `dev` or `held_out`: the lexicon's rules were developed on `dev`; `held_out`
was written earlier by another person, and the author of the rules did not read it. The column `sign` is the sign of
the news for the coin, + or -. The column `kind`, which is filled in `dev` only, names the verb, or says that a
headline is a control, in which nothing is reversed.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from services.research.evaluate.cases.rows import HALVES, Row, read_cases, share
from services.research.evaluate.predict import WithScorer
from services.sentiment_analyzer.scorers.port import AssetScore, Scorer

REVERSALS_FILE = Path(__file__).with_name("reversals.csv")
CONTROL = "control"
_SIGNS = {"+": 1, "-": -1}


class Reversal(NamedTuple):
    """A labelled headline; `sign` is 1 or -1."""

    half: str
    kind: str
    sign: int
    headline: str


def read_reversals(path: Path = REVERSALS_FILE) -> list[Reversal]:
    """Read a file such as `reversals.csv`. The file is part of the program, so a mistake in it raises ValueError."""
    rows = read_cases(path, {"sign": _SIGNS})
    return [Reversal(row["half"], row["kind"], _SIGNS[row["sign"]], row["headline"]) for row in rows]


def measure(scorer: Scorer, path: Path = REVERSALS_FILE) -> list[Row]:
    """Measure the share of headlines whose score has the right sign, in both halves and in the controls of `dev`."""
    read, headlines = WithScorer(scorer), read_reversals(path)
    right = {one: _sign(read.score(one.headline)) == one.sign for one in headlines}
    parts = {
        f"sign is right, {name}": [each for each in headlines if each.half == half]
        for half, name in HALVES.items()
    }
    parts["sign is right, controls"] = [each for each in headlines if each.kind == CONTROL]
    return [share(name, sum(right[one] for one in part), len(part)) for name, part in parts.items()]


def _sign(score: AssetScore | None) -> int:
    """Return the sign of a score: 1, -1, or 0 if the score is 0 or there is no score."""
    return (score.score > 0) - (score.score < 0) if score else 0
