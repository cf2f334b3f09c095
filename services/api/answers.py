"""JSON answers: with an ETag where the client may keep them, and otherwise never stored."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response


class JsonAnswer(Response):
    """An answer in JSON. Instants are ISO 8601; a number that JSON does not have (NaN) is null."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """The body."""
        return json_text(content).encode(errors="replace")


def json_text(value: object) -> str:
    """A value as JSON. Only a value with a number that JSON does not have is searched for it, as that takes long."""
    try:
        return _text(value)
    except ValueError:
        return _text(_finite(json.loads(_text(value, allow_nan=True))))


def _text(value: object, *, allow_nan: bool = False) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False, allow_nan=allow_nan, separators=(",", ":"))


def _plain(value: object) -> object:
    """What stands in JSON for a value that JSON does not have."""
    if hasattr(value, "as_json"):
        return value.as_json()
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, (set, frozenset)) else str(value)


def _finite(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Replace the numbers that JSON does not have by null."""
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def kept_by_client(request: Request, content: object) -> Response:
    """An answer with an ETag. A client that has it already gets 304 without a body."""
    answer = JsonAnswer(content)
    tag = f'"{hashlib.sha256(bytes(answer.body)).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
    known = request.headers.get("if-none-match", "")
    if tag in {each.strip().removeprefix("W/") for each in known.split(",")}:
        return Response(status_code=304, headers=headers)
    answer.headers.update(headers)
    return answer
