"""The page `Health`: services, queues, dead letters and holds."""

from __future__ import annotations

import json
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.api.dashboard.rendering import attempt, render
from services.api.sources import Sources, sources
from services.common.broker.topology import QUEUES
from services.operations.dead_letters import DeadLetter

router = APIRouter(include_in_schema=False)
_MOST_BYTES = 4000


@dataclass(frozen=True, slots=True)
class LetterView:
    """A dead letter with its body as text, shortened."""

    id: str
    reason: str
    attempts: int
    last_error: str
    text: str


@dataclass(frozen=True, slots=True)
class DeadQueue:
    """A queue that has dead letters, and how many."""

    queue: str
    ready: int


@router.get("/state")
def state_page(request: Request, queue: str = "") -> HTMLResponse:
    """Show the state of the system; `queue` names the queue whose dead letters are shown."""
    asked = sources(request)
    queues = attempt(asked, asked.queues)
    ready = {each.name: each.ready for each in queues.value or ()}
    dead = [DeadQueue(each.name, ready.get(each.dead_letter_name, 0)) for each in QUEUES if each.retried]
    chosen = queue if queue in {each.queue for each in dead} else ""
    return render(
        request,
        "state.html.j2",
        health=attempt(asked, asked.health),
        queues=queues,
        dead_queues=[each for each in dead if each.ready],
        queue=chosen,
        letters=attempt(asked, lambda: _letters(asked, chosen)) if chosen else None,
    )


def _letters(asked: Sources, queue: str) -> list[LetterView]:
    with asked.dead_letters(queue) as box:
        return [letter_view(each) for each in box.letters()]


def letter_view(letter: DeadLetter) -> LetterView:
    """The letter as people read it: JSON is indented, other bytes are shown as far as they are text."""
    body = letter.body[:_MOST_BYTES]
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = body.decode(errors="replace")
    text = text.encode(errors="replace").decode()  # JSON may spell half of a surrogate pair
    return LetterView(letter.id, letter.reason, letter.attempts, letter.last_error, text)
