"""Cases of our own: what `evaluate` measures beside labelled texts. A new case is a line in `CASES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from services.research.evaluate.cases import attacks, matching, reversals, scenarios, tellings
from services.research.evaluate.cases.rows import Row
from services.research.progress import Progress
from services.sentiment_analyzer.scorers.port import Scorer

Measure = Callable[[Scorer, Progress], Sequence[Row]]
"""Measures a scorer that is checked and ready, and leaves it open."""


def _hostile(scorer: Scorer, progress: Progress) -> Sequence[Row]:
    return [*attacks.measure(scorer, progress), *scenarios.measure(scorer, progress)]


OF_MATCHING: Mapping[str, Callable[[], Sequence[Row]]] = {"matching": matching.measure}
"""The cases that measure the matcher of articles and assets, and ask no scorer."""
OF_SCORERS: Mapping[str, Measure] = {
    "hostile": _hostile,
    "reversals": lambda scorer, _progress: reversals.measure(scorer),
    "tellings": lambda scorer, _progress: tellings.measure(scorer),
}
"""The cases that measure each scorer that was asked for."""
CASES = (*OF_MATCHING, *OF_SCORERS)
"""The names of all cases, in the order in which they are run."""
