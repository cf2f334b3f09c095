"""`/v1/holds`: who keeps the strategy from opening trades. Exits always go on."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from services.api.answers import JsonAnswer
from services.api.problems import Problem
from services.api.routes.common import Asked, Instant, Owner, problems
from services.common.store.holds import OPERATOR
from services.operations.holds import Entries, pause, read_entries, resume

router = APIRouter(tags=["holds"])

AnyOwner = Annotated[
    str, Path(min_length=1, max_length=200, description="who holds, under any name", examples=["operator"])
]


class NewHold(BaseModel):
    """A hold to be set."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field("", max_length=300, description="why, for people")
    until: Instant | None = Field(None, description="when it ends; without it, when it is lifted")


@router.get("/v1/holds", responses=problems(), response_model=Entries)
def holds(asked: Asked) -> JsonAnswer:
    """Whether entries are allowed, and each hold in force."""
    with asked.store() as store:
        return JsonAnswer(read_entries(store))


@router.post("/v1/holds/{owner:path}", responses=problems(400, 409), response_model=Entries)
def set_hold(asked: Asked, owner: Owner, hold: NewHold) -> JsonAnswer:
    """Set the hold of this owner, in the place of one that it has. `operator` is what `./cryptoboy pause` sets."""
    if hold.until is not None and hold.until <= asked.now():
        raise Problem(HTTPStatus.CONFLICT, "`until` is in the past, so nothing would be held", "past")
    with asked.store() as store:
        return JsonAnswer(pause(store, hold.reason, asked.now(), hold.until, owner))


@router.delete("/v1/holds/{owner:path}", responses=problems(404), response_model=Entries)
def lift_hold(asked: Asked, owner: AnyOwner) -> JsonAnswer:
    """Lift the hold of this owner. Lifting that of `operator` also ends the state `lost`."""
    with asked.store() as store:
        if owner not in {OPERATOR, *store.holds.read().owners}:
            raise Problem(HTTPStatus.NOT_FOUND, f"{owner} has no hold", "unknown-owner")
        return JsonAnswer(resume(store, asked.now(), {owner}))
