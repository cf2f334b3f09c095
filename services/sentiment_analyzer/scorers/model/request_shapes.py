"""Finds out what a model server takes of a request: servers of one protocol differ in the parts that they know.

A refusal seldom says in words that can be relied on what it is about. So a request that is refused is sent in its
plainest form, without all that may be left out; if that is taken, the parts are put back one by one, and what is
taken then is what the server gets from then on. The prompt says what shape the answer must have, and every answer is
checked, so nothing rests on what is left out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from services.common.errors import NeverWorks, TryLater
from services.sentiment_analyzer.scorers.model.chat import Messages, Reply

log = structlog.get_logger(__name__)

REFUSED = frozenset({400, 413, 422})
"""Statuses of HTTP that blame the request itself, and would do so again."""
NO_RIGHTS = frozenset({401, 403})
NOT_FOUND = frozenset({404, 405})
FAILED = frozenset({500, 501})
"""Statuses of HTTP with which some servers refuse a schema that they cannot compile."""
THE_ARTICLE = "article"
"""Blamed where the words of a refusal are about what the request holds: no other shape of it helps."""
RESCUES_BEFORE_SEARCH = 3
"""So many requests in a row, taken only in their plainest form, say that the server takes less than it did."""
_ABOUT_THE_ARTICLE = (
    "context length",
    "context size",
    "context window",
    "content management",
    "content filter",
)
_BOUNDS = frozenset({"maxLength", "minimum", "maximum"})

Shape = Mapping[str, Any]
"""The chosen option of each part of a request, by the part's name."""


@dataclass(frozen=True, slots=True)
class Part:
    """What may be said in a request in several ways.

    Attributes:
        name: for logs, and for refusals that blame it.
        options: from the one that is wanted to the plainest.
        is_dropped_when_blamed: what comes between the two is tried only where the refusal does not name the part.
    """

    name: str
    options: tuple[Any, ...]
    is_dropped_when_blamed: bool = False


class RefusedError(NeverWorks):
    """The server refuses a request; `blamed` is the part that its words name, or `THE_ARTICLE`, if they do."""

    def __init__(self, message: str, blamed: str | None = None) -> None:
        super().__init__(message)
        self.blamed = blamed


class FailedError(TryLater):
    """The server failed on a request, which may be its way to refuse it."""


Send = Callable[[Shape], Reply]


class RequestShapes:
    """The shape of requests that one server takes. Threads may share it.

    Args:
        server: its URL, for logs.
        parts: what of a request may be changed, in the order in which it is worth having.
    """

    def __init__(self, server: str, parts: Sequence[Part]) -> None:
        self._server = server
        self._parts = tuple(parts)
        self._plainest: Shape = {part.name: part.options[-1] for part in parts}
        self._shape: Shape = {part.name: part.options[0] for part in parts}
        self._is_proven = False
        self._rescues = 0
        self._searching = threading.Lock()

    def ask(self, send: Send, *, is_check: bool = False) -> Reply:
        """Send a request in the shape that the server takes, which is searched for where that is not known.

        Args:
            send: makes the request in a shape; raises RefusedError where it is refused.
            is_check: a failure of the server counts as a refusal.

        Raises:
            RefusedError: the server refuses the plainest request too.
            TryLater: as `send` raises it.
        """
        refusals = (RefusedError, FailedError) if is_check else (RefusedError,)
        shape = self._shape
        try:
            reply = send(shape)
        except refusals as refusal:
            if isinstance(refusal, RefusedError) and refusal.blamed == THE_ARTICLE:
                raise
            if self._is_proven and not is_check and self._rescues < RESCUES_BEFORE_SEARCH:
                return self._rescue(send, shape, refusal)
            return self._search(send, shape, refusal, refusals)
        self._is_proven, self._rescues = True, 0
        return reply

    def _rescue(self, send: Send, shape: Shape, refusal: Exception) -> Reply:
        """Send in the plainest shape what is refused in one that was taken before: it is about this request."""
        if shape == self._plainest:
            raise refusal
        reply = send(self._plainest)
        self._rescues += 1
        return reply

    def _search(
        self, send: Send, shape: Shape, refusal: Exception, refusals: tuple[type[Exception], ...]
    ) -> Reply:
        with self._searching:
            if shape != self._shape:  # another thread has just found one
                return send(self._shape)
            while (simpler := self._without_blamed(shape, refusal)) is not None:
                shape = simpler
                try:
                    reply = send(shape)
                except refusals as another:
                    refusal = another
                else:
                    self._learn(shape, refusal)
                    return reply
            if shape == self._plainest:
                raise refusal
            reply = send(self._plainest)
            try:
                self._learn(self._with_all_that_is_taken(send, refusals), refusal)
            except TryLater as error:  # there is an answer; the next refusal begins the search anew
                log.info("server_search_broken_off", server=self._server, error=str(error))
            return reply

    def _with_all_that_is_taken(self, send: Send, refusals: tuple[type[Exception], ...]) -> Shape:
        """The plainest shape, with the best option of each part that the server takes."""
        shape = self._plainest
        for part in self._parts:
            for option in part.options[:-1]:
                candidate = {**shape, part.name: option}
                try:
                    send(candidate)
                except refusals:
                    continue
                shape = candidate
                break
        return shape

    def _without_blamed(self, shape: Shape, refusal: Exception) -> Shape | None:
        """The shape with a plainer option of the part that a refusal names; None where it names none that has one."""
        blamed = refusal.blamed if isinstance(refusal, RefusedError) else None
        for part in self._parts:
            place = part.options.index(shape[part.name])
            if part.name == blamed and place + 1 < len(part.options):
                return {**shape, blamed: part.options[-1 if part.is_dropped_when_blamed else place + 1]}
        return None

    def _learn(self, shape: Shape, refusal: Exception) -> None:
        if shape != self._shape:
            changed = [part.name for part in self._parts if shape[part.name] != part.options[0]]
            log.info("server_takes_less", server=self._server, changed=changed, error=str(refusal))
        self._shape, self._is_proven, self._rescues = shape, True, 0


def blames_the_article(message: str) -> bool:
    """Whether a refusal is about the length or the contents of a request."""
    lower = message.lower()
    return any(words in lower for words in _ABOUT_THE_ARTICLE)


def without_system_role(messages: Messages) -> list[dict[str, str]]:
    """The conversation with the system's text in front of the user's, for models that know no such role."""
    system = [message["content"] for message in messages if message["role"] == "system"]
    merged = [dict(message) for message in messages if message["role"] != "system"]
    if system and merged:
        merged[0]["content"] = "\n\n".join([*system, merged[0]["content"]])
    return merged


def without_bounds(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """A JSON schema without the bounds of texts and numbers, which not every grammar can express."""
    if isinstance(schema, dict):
        return {name: without_bounds(value) for name, value in schema.items() if name not in _BOUNDS}
    if isinstance(schema, list):
        return [without_bounds(value) for value in schema]
    return schema
