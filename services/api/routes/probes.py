"""`/health`, `/live` and `/metrics` of the API itself, as the other services have them."""

from __future__ import annotations

import time

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from services.api.answers import JsonAnswer
from services.api.routes.common import Asked
from services.common.runtime.health import health_body
from services.common.runtime.metrics import DEPENDENCY_UP

NAME = "api"

router = APIRouter(include_in_schema=False)
_started = time.monotonic()


@router.get("/live")
async def live() -> JsonAnswer:
    """Answer as long as the process runs."""
    return JsonAnswer({"status": "alive", "service": NAME})


@router.get("/health")
def own_health(asked: Asked) -> JsonAnswer:
    """The state of what the API depends on; 503 while it cannot answer anything."""
    body = health_body(NAME, asked.dependencies(), time.monotonic() - _started, ready=True)
    return JsonAnswer(body, 200 if body["status"] in {"ok", "degraded"} else 503)


@router.get("/metrics")
def metrics(asked: Asked) -> Response:
    """The metrics of this process."""
    for name, state in asked.dependencies().items():
        DEPENDENCY_UP.labels(NAME, name).set(state.ok)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
