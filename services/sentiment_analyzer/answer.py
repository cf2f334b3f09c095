"""Reads a language model's answer, and believes nothing in it unchecked.

Servers have let through numbers beyond any range, and some releases dropped the shape that they promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

from services.common.values import EventType
from services.sentiment_analyzer.assets import Asset
from services.sentiment_analyzer.prompt import CONFIDENCE_LIMIT, SCORE_LIMIT
from services.sentiment_analyzer.scorer import AssetScore
from services.sentiment_analyzer.text import clean

MAX_ANSWER_CHARS = 20_000
MAX_RATIONALE_CHARS = 200
END_OF_THOUGHTS = "</think>"
"""How models that think aloud, on servers that pass it on, mark where the answer begins."""


class BadAnswerError(ValueError):
    """An answer that cannot be used; the text says why, in words that can be given back to the model."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    reason: str
    event_type: EventType
    score: Annotated[int, Field(ge=-SCORE_LIMIT, le=SCORE_LIMIT)]
    confidence: Annotated[int, Field(ge=0, le=CONFIDENCE_LIMIT)]


class _Answer(RootModel[dict[str, _Entry]]):
    pass


def read_answer(answer: str, assets: Sequence[Asset]) -> dict[str, AssetScore]:
    """The scores by ticker. A ticker with confidence 0 is left out: the model cannot tell.

    Text around the JSON object (thoughts, code fences, a remark) is passed over.

    Raises:
        BadAnswerError: no JSON object, a ticker missing or not asked for, or a number out of range.
    """
    answer = answer.rpartition(END_OF_THOUGHTS)[2]
    start, end = answer.find("{"), answer.rfind("}")
    if len(answer) > MAX_ANSWER_CHARS or not 0 <= start < end:
        raise BadAnswerError("it holds no complete JSON object")
    try:
        entries = _Answer.model_validate_json(answer[start : end + 1]).root
    except ValidationError as error:
        raise BadAnswerError(_describe(error)) from None
    asked = [asset.ticker for asset in assets]
    if set(entries) != set(asked):
        raise BadAnswerError(f"its keys must be exactly {', '.join(asked)}")
    return {ticker: _score(entries[ticker]) for ticker in asked if entries[ticker].confidence}


def _score(entry: _Entry) -> AssetScore:
    return AssetScore(
        score=entry.score / SCORE_LIMIT,
        confidence=entry.confidence / CONFIDENCE_LIMIT,
        rationale=clean(entry.reason, MAX_RATIONALE_CHARS),
        event_type=entry.event_type,
    )


def _describe(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False, include_context=False)[:3]
    return "; ".join(
        f"{'.'.join(clean(str(part), 20) for part in problem['loc']) or 'the object'}: {problem['msg']}"
        for problem in problems
    )
