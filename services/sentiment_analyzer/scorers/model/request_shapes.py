"""Finds out which request parameters a model server accepts, because servers with the same protocol differ here.

The message of a refusal seldom names its cause reliably. So a request that is refused is sent again in its plainest
form, without all optional parameters. If the plainest form is accepted, the parameters are added again one by one.
From then on, requests contain the parameters that were accepted. Parameters may be left out, because the prompt
describes the answer and every answer is validated.
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
"""The HTTP statuses that mean that the request itself is at fault, so that it would be refused again."""
NO_RIGHTS = frozenset({401, 403})
NOT_FOUND = frozenset({404, 405})
FAILED = frozenset({500, 501})
"""The HTTP statuses with which some servers refuse a schema that they cannot compile."""
THE_ARTICLE = "article"
"""The value of `blamed` if a refusal is about the content of the request, so that no other shape helps."""
RESCUES_BEFORE_SEARCH = 3
"""If this many requests in a row were accepted only in their plainest form, the server is assumed to accept fewer
parameters now."""
_ABOUT_THE_ARTICLE = (
    "context length",
    "context size",
    "context window",
    "content management",
    "content filter",
)
_BOUNDS = frozenset({"maxLength", "minimum", "maximum"})

Shape = Mapping[str, Any]
"""The chosen option of each parameter of a request, by its name."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a request that can be given in several ways, or left out.

    Attributes:
        name: the name of the parameter, for logs and for refusals that blame it.
        options: the options of the parameter, from the preferred option to the plainest.
        is_dropped_when_blamed: whether the plainest option is used at once if a refusal names the parameter.
    """

    name: str
    options: tuple[Any, ...]
    is_dropped_when_blamed: bool = False


class RefusedError(NeverWorks):
    """The server refuses a request. `blamed` is the parameter that the message names, `THE_ARTICLE` or None."""

    def __init__(self, message: str, blamed: str | None = None) -> None:
        super().__init__(message)
        self.blamed = blamed


class FailedError(TryLater):
    """The server answered a request with an internal error, which may mean that the server refuses the request."""


Send = Callable[[Shape], Reply]


class RequestShapes:
    """The shape of requests that one server accepts. Threads may share it.

    Args:
        server: the URL of the server, for logs.
        parameters: the parameters that may be changed, the most useful first.
    """

    def __init__(self, server: str, parameters: Sequence[Parameter]) -> None:
        self._server = server
        self._parameters = tuple(parameters)
        self._plainest: Shape = {parameter.name: parameter.options[-1] for parameter in parameters}
        self._shape: Shape = {parameter.name: parameter.options[0] for parameter in parameters}
        self._is_proven = False
        self._rescues = 0
        self._searching = threading.Lock()

    def ask(self, send: Send, *, is_check: bool = False) -> Reply:
        """Send a request in the shape that the server accepts, after a search for that shape if it is unknown.

        Args:
            send: sends the request in a shape, and raises RefusedError if the server refuses it.
            is_check: whether an internal error of the server counts as a refusal.

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
        """Send a request in the plainest shape after a refusal in a shape that the server accepted before."""
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
                self._learn(self._with_all_that_is_accepted(send, refusals), refusal)
            except TryLater as error:  # there is an answer; the next refusal begins the search anew
                log.info("server_search_broken_off", server=self._server, error=str(error))
            return reply

    def _with_all_that_is_accepted(self, send: Send, refusals: tuple[type[Exception], ...]) -> Shape:
        """Return the plainest shape, with the best option of each parameter that the server accepts."""
        shape = self._plainest
        for parameter in self._parameters:
            for option in parameter.options[:-1]:
                candidate = {**shape, parameter.name: option}
                try:
                    send(candidate)
                except refusals:
                    continue
                shape = candidate
                break
        return shape

    def _without_blamed(self, shape: Shape, refusal: Exception) -> Shape | None:
        """Return the shape with a plainer option of the parameter that a refusal names; None if there is none."""
        blamed = refusal.blamed if isinstance(refusal, RefusedError) else None
        for parameter in self._parameters:
            place = parameter.options.index(shape[parameter.name])
            if parameter.name == blamed and place + 1 < len(parameter.options):
                plainer = -1 if parameter.is_dropped_when_blamed else place + 1
                return {**shape, blamed: parameter.options[plainer]}
        return None

    def _learn(self, shape: Shape, refusal: Exception) -> None:
        if shape != self._shape:
            changed = [each.name for each in self._parameters if shape[each.name] != each.options[0]]
            log.info("server_takes_less", server=self._server, changed=changed, error=str(refusal))
        self._shape, self._is_proven, self._rescues = shape, True, 0


def blames_the_article(message: str) -> bool:
    """Whether the message of a refusal is about the length or the content of the request."""
    lower = message.lower()
    return any(words in lower for words in _ABOUT_THE_ARTICLE)


def without_system_role(messages: Messages) -> list[dict[str, str]]:
    """Return the messages with the system text before the user's text, for models that lack a system role."""
    system = [message["content"] for message in messages if message["role"] == "system"]
    merged = [dict(message) for message in messages if message["role"] != "system"]
    if system and merged:
        merged[0]["content"] = "\n\n".join([*system, merged[0]["content"]])
    return merged


def without_bounds(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a JSON schema without the limits of texts and numbers, which not every grammar can express."""
    if isinstance(schema, dict):
        return {name: without_bounds(value) for name, value in schema.items() if name not in _BOUNDS}
    if isinstance(schema, list):
        return [without_bounds(value) for value in schema]
    return schema
