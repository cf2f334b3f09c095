"""Lists the cases that `evaluate` measures besides labelled texts. A new case is a new line in this module."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from services.research.evaluate.cases import attacks, kinds, matching, reversals, scenarios, tellings
from services.research.evaluate.cases.rows import Row
from services.research.progress import Progress
from services.sentiment_analyzer.scorers.port import Scorer

Measure = Callable[[Scorer, Progress], Sequence[Row]]
"""A function that measures a scorer; the caller has checked the scorer and closes it."""


def _hostile(scorer: Scorer, progress: Progress) -> Sequence[Row]:
    return [*attacks.measure(scorer, progress), *scenarios.measure(scorer, progress)]


OF_MATCHING: Mapping[str, Callable[[], Sequence[Row]]] = {"matching": matching.measure}
"""The cases that measure the matcher of articles and assets, and use no scorer."""
OF_SCORERS: Mapping[str, Measure] = {
    "hostile": _hostile,
    "kinds": lambda scorer, _progress: kinds.measure(scorer),
    "reversals": lambda scorer, _progress: reversals.measure(scorer),
    "tellings": lambda scorer, _progress: tellings.measure(scorer),
}
"""The cases that measure each requested scorer."""
CASES = (*OF_MATCHING, *OF_SCORERS)
"""The names of all cases, in the order in which they are run."""
