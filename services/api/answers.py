"""JSON answers: with an ETag where the client may keep them, and otherwise never stored."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response


class JsonAnswer(Response):
    """An answer in JSON. Instants are ISO 8601; a number that JSON does not have (NaN) is null."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """The body."""
        return json.dumps(
            as_json(content), ensure_ascii=False, allow_nan=False, separators=(",", ":")
        ).encode(errors="replace")


def as_json(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Replace everything that JSON does not have."""
    if hasattr(value, "as_json"):
        return as_json(value.as_json())
    if is_dataclass(value) and not isinstance(value, type):
        return as_json(asdict(value))
    if isinstance(value, Mapping):
        return {str(name): as_json(each) for name, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [as_json(each) for each in value]
    return _plain(value)


def _plain(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


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
