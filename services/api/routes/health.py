"""`/v1/health`: the state of every service. `/health`, `/live` and `/metrics` are those of the API itself."""

from __future__ import annotations

from fastapi import APIRouter

from services.api.answers import JsonAnswer
from services.api.routes.common import Asked, problems
from services.operations.health import SystemHealth

router = APIRouter(tags=["system"])


@router.get("/v1/health", responses=problems(), response_model=SystemHealth)
def health(asked: Asked) -> JsonAnswer:
    """What each service says about itself and what it depends on; three seconds old at most."""
    return JsonAnswer(asked.health())
