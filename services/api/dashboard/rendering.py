"""Renders the templates, with what every page shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.api.dashboard.policy import OF_PAGES
from services.api.dashboard.silence import silence_of
from services.api.dashboard.static_files import address_of
from services.api.dashboard.words import FILTERS
from services.api.problems import Problem
from services.api.sources import Sources, sources
from services.common.errors import NeverWorks, StopProgram, TryLater
from services.common.store.holds import OPERATOR
from services.operations.holds import Entries, read_entries

T = TypeVar("T")
PAGES = (
    ("/", "Now"),
    ("/news", "News"),
    ("/trades", "Trades"),
    ("/scores", "Scores"),
    ("/sources", "Sources"),
    ("/state", "Health"),
    ("/briefs", "Briefs"),
    ("/reports", "Reports"),
)


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What a part of a page is made of: a value, or the reason why there is none."""

    value: T | None
    problem: str = ""


def attempt(asked: Sources, ask: Callable[[], T]) -> Answer[T]:
    """Ask for a part of a page. What cannot be answered costs this part only, not the page."""
    try:
        return Answer(ask())
    except (TryLater, StopProgram, NeverWorks, Problem) as error:
        return Answer(None, asked.redact(str(error)))


@cache
def environment() -> Environment:
    """The templates: every value is escaped, and a missing one is an error."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS)
    made.globals.update(pages=PAGES, static=address_of)
    return made


def render(request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """Render a page.

    Args:
        request: the request, whose caller decides which buttons work.
        template: the file name of the template.
        status: the status code.
        values: what the template needs beside the values of every page.
    """
    session = request.state.caller.session
    asked, entries = sources(request), entries_of(request)
    text = environment().get_template(template).render(
        path=request.url.path,
        now=asked.now(),
        note=asked.settings.api_note,
        silence=silence_of(asked),
        entries=entries,
        held_by_operator=_is_held_by_operator(entries.value),
        allow_words=_allow_words(entries.value),
        csrf=session.csrf if session else "",
        **values,
    )  # fmt: skip
    headers = {"Content-Security-Policy": OF_PAGES, "Cache-Control": "no-store"}
    return HTMLResponse(text, status, headers)


def entries_of(request: Request) -> Answer[Entries]:
    """Whether new entries are allowed, which every page shows."""
    asked = sources(request)
    return attempt(asked, lambda: _read_entries(asked))


def _read_entries(asked: Sources) -> Entries:
    with asked.store() as store:
        return read_entries(store)


def _is_held_by_operator(entries: Entries | None) -> bool:
    """Whether the button that starts new entries again can do so."""
    if entries is None:
        return False
    return entries.entries == "lost" or any(hold.owner == OPERATOR for hold in entries.holds)


def _allow_words(entries: Entries | None) -> str:
    """The name of the button that lifts the operator's hold, which allows entries only if nobody else holds them."""
    others = [] if entries is None else [hold for hold in entries.holds if hold.owner != OPERATOR]
    return "Lift the operator's hold" if others else "Allow new entries"
