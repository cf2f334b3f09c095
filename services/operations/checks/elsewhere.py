"""The checks that `doctor` cannot make because OUT_OF_REACH names the part, and where to see the result instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from services.common.settings.reach import Part
from services.common.settings.settings import Settings
from services.operations.checks.check import CannotJudgeError, Question

_HEALTH = "docker exec {} python -m services.common.probe"
_INSTEAD = {
    Part.EXCHANGE: f"{_HEALTH.format('trading-market-streamer')}; docker logs --tail 50 trading-freqtrade; alerts "
    "StreamSilent and DependencyDown",
    Part.FEEDS: f"{_HEALTH.format('trading-news-poller')}; alerts SourceSilent and AllSourcesSilent",
    Part.FREQTRADE: "docker logs --tail 50 trading-freqtrade, which names what it refuses; how it trades: GET "
    "/api/v1/show_config of its API; alert ServiceDown",
    Part.SCORER: f"{_HEALTH.format('trading-sentiment-processor-1')}; alert ScorerAway",
}


def unless_out_of_reach(
    settings: Settings, part: Part, questions: Callable[[Settings], Sequence[Question]]
) -> Sequence[Question]:
    """Return the checks of a part; if this container has no connection to it, a single one that cannot be made."""
    if settings.reaches(part):
        return questions(settings)
    return [Question(part.value, partial(_no_connection, _INSTEAD[part]), "")]


def _no_connection(instead: str) -> str:
    raise CannotJudgeError(
        "cannot be checked: this container has no connection to it (OUT_OF_REACH)", instead
    )
