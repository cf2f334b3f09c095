"""Writes and reads the JSON in which the API passes on the sentiment store, for both of its ends.

Request: {"horizon": ms, "pairs": {PAIR: [cursor, count, oldest or null]}}, where [horizon, 0, null] asks for a pair as
a whole. Answer: {"holds": {owner: text}, "holds_error": text or null, "entries_key": bool, "scored": [name] or null,
"pages": {PAIR: null or {"oldest": ms or null, "before": count, "read": [[member, ms]]}}}. Members and holds are the
store's own texts. Bytes that are not UTF-8 are replaced: what has them is neither a valid signal nor a valid hold.
"""

import json
import math
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError  # comes with Freqtrade

from cryptoboy_sentiment.mirror import Page
from cryptoboy_sentiment.store_reader import Answer, Known

PATH = "/v1/strategy/read"
MOST_PAIRS = 2000

_Count = Annotated[int, Field(ge=0, lt=2**53)]
_Name = Annotated[str, Field(min_length=1, max_length=100)]


class WireError(ValueError):
    """A request or an answer that does not have the form above, or asks for too much."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Request(_Strict):
    horizon: float
    pairs: Annotated[dict[_Name, tuple[float, _Count, float | None]], Field(max_length=MOST_PAIRS)]


class _Page(_Strict):
    oldest: float | None
    before: _Count
    read: list[tuple[str, float]]


class _Answer(_Strict):
    holds: dict[str, str]
    holds_error: str | None
    entries_key: bool
    scored: list[str] | None
    pages: dict[str, _Page | None]


def request_text(known: Mapping[str, Known], horizon: float) -> bytes:
    """The body of a request."""
    pairs = {
        pair: [one.cursor, one.members, one.oldest if math.isfinite(one.oldest) else None]
        for pair, one in known.items()
    }
    return json.dumps({"horizon": horizon, "pairs": pairs}).encode()


def read_request(body: bytes) -> tuple[dict[str, Known], float]:
    """What a request asks for, and its horizon. Raises WireError."""
    try:
        request = _Request.model_validate_json(body)
    except ValidationError as error:
        raise WireError(_first(error)) from None
    known = {
        pair: Known(max(cursor, request.horizon), count, math.inf if oldest is None else oldest)
        for pair, (cursor, count, oldest) in request.pairs.items()
    }
    return known, request.horizon


def answer_text(answer: Answer) -> bytes:
    """The body of an answer."""
    fields = {} if isinstance(answer.fields, Exception) else answer.fields
    body = {
        "holds": {_text(owner): _text(hold) for owner, hold in fields.items()},
        "holds_error": str(answer.fields) if isinstance(answer.fields, Exception) else None,
        "entries_key": answer.has_entries_key,
        "scored": None if answer.scored is None else sorted(answer.scored),
        "pages": {pair: None if page is None else _page_body(page) for pair, page in answer.pages.items()},
    }
    return json.dumps(body).encode()


def read_answer(body: bytes, known: Mapping[str, Known], horizon: float) -> Answer:
    """The answer to the request for `known`. Raises WireError."""
    try:
        found = _Answer.model_validate_json(body)
    except ValidationError as error:
        raise WireError(_first(error)) from None
    if found.pages.keys() != known.keys():
        raise WireError("it does not have the pairs that were asked for")
    holds = {owner.encode(): hold.encode() for owner, hold in found.holds.items()}
    return Answer(
        holds if found.holds_error is None else RuntimeError(found.holds_error),
        found.entries_key,
        None if found.scored is None else frozenset(found.scored),
        {
            pair: None if page is None else _page_of(page, known[pair].cursor, horizon)
            for pair, page in found.pages.items()
        },
    )


def _page_body(page: Page) -> dict[str, object]:
    return {
        "oldest": page.oldest if math.isfinite(page.oldest) else None,
        "before": page.before,
        "read": [[_text(member), score] for member, score in page.read],
    }


def _page_of(page: _Page, cursor: float, horizon: float) -> Page:
    oldest = math.inf if page.oldest is None else page.oldest
    read = [(member.encode(), score) for member, score in page.read]
    return Page(horizon, cursor, oldest, page.before, read)


def _text(content: bytes) -> str:
    return content.decode(errors="replace")


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))[:80]
    return f"{where or 'the body'}: {first['msg'][:80]}"
