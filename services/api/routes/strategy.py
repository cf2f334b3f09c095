"""`/v1/strategy/read`: what a bot reads of the sentiment store, if its source is this API."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from services.api.problems import Problem
from services.api.routes.common import Asked, problems
from services.common.errors import NeverWorks

router = APIRouter(tags=["for other programs"])
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["horizon", "pairs"],
                    "properties": {
                        "horizon": {"type": "number", "description": "ms since 1970; nothing older is read"},
                        "pairs": {
                            "type": "object",
                            "description": "by pair: from which ms on to read, how many signals are known, and the "
                            "ms of the oldest of these",
                            "maxProperties": 2000,
                            "propertyNames": {"minLength": 1, "maxLength": 100},
                            "additionalProperties": {
                                "type": "array",
                                "prefixItems": [
                                    {"type": "number"},
                                    {"type": "integer", "minimum": 0, "maximum": 2**53 - 1},
                                    {"type": ["number", "null"]},
                                ],
                                "minItems": 3,
                                "maxItems": 3,
                            },
                        },
                    },
                },
                "example": {"horizon": 1761700000000, "pairs": {"BTC/USDT": [1761700000000, 0, None]}},
            }
        },
    }
}


@router.post("/v1/strategy/read", responses=problems(), response_model=dict[str, Any], openapi_extra=_BODY)
async def read(request: Request, asked: Asked) -> Response:
    """Holds, scored names, and the signals of pairs that a bot does not have yet. Changes nothing; scope `read`.

    `"source": "http://HOST:8110"` in a bot's configuration makes it ask here: docs/own_strategy.md.
    """
    body = await request.body()
    try:
        answer = await run_in_threadpool(asked.for_strategies.answer, body)
    except NeverWorks as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), "invalid-request") from error
    return Response(answer, media_type="application/json")
