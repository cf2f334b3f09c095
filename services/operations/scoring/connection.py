"""A connection to the scorer for one operation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from services.common.errors import StopProgram
from services.common.settings.reach import Part
from services.common.settings.settings import ScorerKind, Settings
from services.operations.connections import next_step

if TYPE_CHECKING:
    from services.sentiment_analyzer.scorers.port import Scorer

_SCORER_HINT = "./cryptoboy doctor says how to fix it; --scorer lexicon needs no server"


@contextmanager
def answering_scorer(settings: Settings) -> Iterator[Scorer]:
    """Yield the scorer once it has answered, and close it at the end.

    A TryLater raised by the scorer or in the block is extended by the next step.

    Raises:
        StopProgram: OUT_OF_REACH says that this container has no connection to the scorer.
    """
    if not settings.reaches(Part.SCORER) and settings.sentiment_scorer is not ScorerKind.LEXICON:
        raise StopProgram(
            f"this container has no connection to the server of SENTIMENT_SCORER={settings.sentiment_scorer} "
            "(OUT_OF_REACH). Add --scorer lexicon; `score --explain ID` shows how the pipeline has scored an article"
        )
    from services.sentiment_analyzer.scorers.build import build_scorer

    with closing(build_scorer(settings)) as scorer, next_step(_SCORER_HINT):
        scorer.check()
        yield scorer
