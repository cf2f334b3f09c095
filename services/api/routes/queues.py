"""`/v1/queues`: the length and the rates of each queue."""

from __future__ import annotations

from fastapi import APIRouter

from services.api.answers import JsonAnswer
from services.api.routes.common import Asked, problems
from services.operations.queues.report import QueueReport

router = APIRouter(tags=["system"])


@router.get("/v1/queues", responses=problems(), response_model=dict[str, list[QueueReport]])
def queues(asked: Asked) -> JsonAnswer:
    """Depth, consumers, rates and age of every queue, retries and dead letters included; three seconds old at most."""
    return JsonAnswer({"queues": asked.queues()})
