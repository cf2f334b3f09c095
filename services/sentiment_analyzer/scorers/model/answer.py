"""Parses and validates the answer of a language model.

Validation is needed, because servers have passed on numbers out of range, and some releases of servers did not
enforce the schema that they promise to enforce.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel, ValidationError, ValidationInfo

from services.common.values import EventType
from services.sentiment_analyzer.article.text import clean
from services.sentiment_analyzer.matching.assets import Asset
from services.sentiment_analyzer.scorers.model.prompt import CONFIDENCE_LIMIT, SCORE_LIMIT
from services.sentiment_analyzer.scorers.port import AssetScore

MAX_ANSWER_CHARS = 20_000
MAX_RATIONALE_CHARS = 200
_QUOTED = "numbers may be quoted"
END_OF_THOUGHTS = "</think>"
"""The mark that ends the reasoning before an answer, on servers that pass the reasoning on."""


class BadAnswerError(ValueError):
    """The answer cannot be used. The message gives the reason in words that can be sent to the model."""


def _whole(number: object, info: ValidationInfo) -> object:
    """Convert a float without a fraction, and a quoted number if quotes are allowed, to an integer."""
    if isinstance(number, str) and info.context == _QUOTED and re.fullmatch(r"[+-]?\d{1,3}(\.0)?", number):
        return int(float(number))
    return int(number) if isinstance(number, float) and number.is_integer() else number


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    reason: str
    event_type: EventType
    score: Annotated[int, BeforeValidator(_whole), Field(ge=-SCORE_LIMIT, le=SCORE_LIMIT)]
    confidence: Annotated[int, BeforeValidator(_whole), Field(ge=0, le=CONFIDENCE_LIMIT)]


class _Answer(RootModel[dict[str, _Entry]]):
    pass


def read_answer(answer: str, assets: Sequence[Asset], *, is_last_try: bool = False) -> dict[str, AssetScore]:
    """Return the scores by ticker. A ticker with confidence 0 is left out, because the model abstains on it.

    Text around the JSON object (reasoning, code fences, a remark, other objects) is ignored. If several objects fit,
    the last one counts. A list of entries that each name their `ticker` is read like such an object. On the last try
    quoted integers are accepted, because a model that quotes numbers even after a correction would do so again.

    Raises:
        BadAnswerError: there is no JSON object, a ticker is missing or was not asked for, or a number is out of
            range.
    """
    answer = answer.rpartition(END_OF_THOUGHTS)[2]
    start, end = answer.find("{"), answer.rfind("}")
    if len(answer) > MAX_ANSWER_CHARS or not 0 <= start < end:
        raise BadAnswerError("it holds no complete JSON object")
    asked = [asset.ticker for asset in assets]
    context = _QUOTED if is_last_try else None
    try:
        entries = _from_whole(answer[start : end + 1], asked, context)
    except BadAnswerError:
        if (found := _last_that_fits(answer, asked, context)) is None:
            raise
        entries = found
    return {ticker: _score(entries[ticker]) for ticker in asked if entries[ticker].confidence}


def _last_that_fits(answer: str, asked: Sequence[str], context: str | None) -> Mapping[str, _Entry] | None:
    """Return the entries of the last JSON object of the right shape, else those of objects that name tickers."""
    named: dict[str, Any] = {}
    for found in _objects_from_the_end(answer):
        if found.keys() == set(asked) and (entries := _entries(found, context)) is not None:
            return entries
        ticker = found.get("ticker")
        if isinstance(ticker, str):
            named.setdefault(ticker, found)
    return _entries(named, context) if named.keys() == set(asked) else None


def _objects_from_the_end(answer: str) -> Iterator[dict[str, Any]]:
    """Yield all complete JSON objects in a text, including nested ones, beginning with the one that starts last."""
    decoder = json.JSONDecoder()
    start = answer.rfind("{")
    while start >= 0:
        try:
            found, _ = decoder.raw_decode(answer, start)
        except (ValueError, RecursionError):
            pass
        else:
            yield found
        start = answer.rfind("{", 0, start)


def _entries(found: Mapping[str, Any], context: str | None) -> Mapping[str, _Entry] | None:
    try:
        return _Answer.model_validate_json(json.dumps(found), context=context).root
    except (ValidationError, RecursionError):
        return None


def _from_whole(text: str, asked: Sequence[str], context: str | None) -> Mapping[str, _Entry]:
    """Return the entries of a text that is one JSON object.

    Raises:
        BadAnswerError: the text is no JSON object, or not the object that was asked for.
    """
    try:
        entries = _Answer.model_validate_json(text, context=context).root
    except ValidationError as error:
        raise BadAnswerError(_describe(error)) from None
    if set(entries) != set(asked):
        raise BadAnswerError(f"its keys must be exactly {', '.join(asked)}")
    return entries


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
