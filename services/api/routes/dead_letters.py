"""`/v1/dead_letters/{queue}`: messages that could not be handled."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from services.api.answers import JsonAnswer
from services.api.problems import Problem
from services.api.routes.common import Asked, QueueName, problems
from services.common.errors import NeverWorks
from services.operations.dead_letters import DeadLetter, DeadLetterBox

MOST_SHOWN = 4_000  # characters of a body

router = APIRouter(tags=["dead letters"])
Identity = Annotated[str, Path(min_length=1, max_length=255, description="the id of the message")]

Identities = Annotated[
    list[Annotated[str, Query(min_length=1, max_length=255)]],
    Query(alias="id", min_length=1, max_length=500, description="ids of messages"),
]


class Replay(BaseModel):
    """Which dead letters are replayed."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Annotated[str, Field(min_length=1, max_length=255)]] | None = Field(
        None, min_length=1, max_length=500, description="ids of messages; without it, all"
    )


@router.get("/v1/dead_letters/{queue}", responses=problems(404), response_model=dict[str, Any])
def dead_letters(asked: Asked, queue: QueueName) -> JsonAnswer:
    """The dead letters of a queue, oldest first, at most 500 or 64 MB of them.

    Of a long message the first 4,000 characters are shown.
    """
    with asked.dead_letters(queue) as box:
        return JsonAnswer({"queue": queue, "dead_letters": [_shown(letter) for letter in box.letters()]})


@router.post("/v1/dead_letters/{queue}/replay", responses=problems(400, 404), response_model=dict[str, Any])
def replay(asked: Asked, queue: QueueName, which: Replay) -> JsonAnswer:
    """Publish dead letters again to the queue they came from, at most 500 or 64 MB of them at once."""
    with asked.dead_letters(queue) as box:
        chosen = _known(box, which.ids)
        return JsonAnswer({"replayed": box.replay(chosen)})


@router.delete("/v1/dead_letters/{queue}", responses=problems(404), response_model=dict[str, Any])
def drop_several(asked: Asked, queue: QueueName, ids: Identities) -> JsonAnswer:
    """Delete dead letters by their ids, all or none of them. They are lost.

    Programs change a path in which an id is `.` or `..` before they send it, so such an id can only stand here.
    """
    with asked.dead_letters(queue) as box:
        return JsonAnswer({"dropped": box.drop(_known(box, ids))})


@router.delete("/v1/dead_letters/{queue}/{id:path}", responses=problems(404), response_model=dict[str, Any])
def drop(asked: Asked, queue: QueueName, id: Identity) -> JsonAnswer:  # noqa: A002 - the name in the path
    """Delete one dead letter. It is lost."""
    with asked.dead_letters(queue) as box:
        return JsonAnswer({"dropped": box.drop(_known(box, [id]))})


def _known(box: DeadLetterBox, ids: list[str] | None) -> frozenset[str] | None:
    """Check that all ids are there, before anything is changed."""
    for identity in ids or ():
        try:
            box.find(identity)
        except NeverWorks as error:
            raise Problem(HTTPStatus.NOT_FOUND, str(error), "unknown-dead-letter") from error
    return None if ids is None else frozenset(ids)


def _shown(letter: DeadLetter) -> dict[str, Any]:
    text = letter.body.decode(errors="replace")
    return {**asdict(letter), "body": text[:MOST_SHOWN], "shortened": len(text) > MOST_SHOWN}
