"""Balances requests over the healthy servers among several that run the same model."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog

from services.common.errors import CryptoBoyError, NeverWorks, TryLater
from services.common.runtime.health import DependencyHealth
from services.common.runtime.metrics import MODEL_REQUEST_SECONDS, MODEL_REQUESTS, MODEL_SERVER_UP
from services.sentiment_analyzer.scorers.model.breaker import Breaker
from services.sentiment_analyzer.scorers.model.chat import ChatServer, Messages, PersonNeededError, Reply
from services.sentiment_analyzer.scorers.port import RefusesAll

log = structlog.get_logger(__name__)

USELESS_PAUSE_SECONDS = 300.0
"""The pause in seconds after a check whose answer could not be used, as it may have cost thousands of tokens."""


class UselessError(NeverWorks):
    """The answer of a server to its check cannot be used. The message says what to change."""


TryOut = Callable[[ChatServer], None]
"""A function that sends a typical request to one server. Raises TryLater or NeverWorks if the request fails."""


@dataclass(slots=True)
class _Member:
    server: ChatServer
    breaker: Breaker = field(default_factory=Breaker)
    in_flight: int = 0
    problem: str | None = "not asked yet"


class ServerPool:
    """Asks the healthy server with the fewest requests in flight, and another server if that one fails. Thread-safe.

    Attributes:
        timeout: the time in seconds that one request to each of the servers in turn may take.

    Args:
        servers: one or more servers; of two servers that are equally busy the earlier is asked.
        monotonic: returns the seconds of a clock that never goes back.
    """

    def __init__(
        self, servers: Sequence[ChatServer], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._members = [_Member(server) for server in servers]
        self.timeout = sum(server.timeout for server in servers)
        self._monotonic = monotonic
        self._lock = threading.Lock()  # of the members' state

    def chat(
        self, messages: Messages, *, schema: dict[str, Any] | None, max_tokens: int
    ) -> tuple[Reply, str]:
        """Return the answer of the first server that gives one, and the digest of its model.

        Raises:
            TryLater: no server can answer now; `after` says when it is worthwhile to ask again.
            NeverWorks: a server refuses this very request, and no other server answers it.
        """
        tried: list[_Member] = []
        refusal: NeverWorks | None = None
        while (member := self._choose(tried)) is not None:
            tried.append(member)
            try:
                with self._asking(member), _measured(member.server.url):
                    reply = member.server.chat(messages, schema=schema, max_tokens=max_tokens)
                    return reply, member.server.digest
            except NeverWorks as error:
                refusal = error
            except TryLater as error:
                if len(self._members) > 1:
                    log.warning("model_server_failed", server=member.server.url, error=str(error))
        if refusal is not None:
            raise refusal
        raise TryLater(self._problems(), after=self._pause_left())

    def check(self, try_out: TryOut) -> None:
        """Make sure that at least one server has the model and can use it, and load the model there.

        Raises:
            RefusesAll: all servers answer, and none of them accepts any request.
            PersonNeededError: no server will work until a person has changed something.
            TryLater: no server works now, and some may work later.
        """
        errors: list[CryptoBoyError] = []
        works = False
        for member in self._members:
            try:
                with self._asking(member):
                    member.server.probe()
                    if not works:  # the others load the model when it is their turn
                        try_out(member.server)
                works = True
            except (TryLater, NeverWorks) as error:
                if isinstance(error, NeverWorks):
                    error = self._noted_as_useless(member, error)
                errors.append(error)
                log.debug("model_server_checked", server=member.server.url, error=str(error))
        if not works:
            raise _worst(errors)

    def digest(self) -> str:
        """Return the digest of the model on the server that would be asked next; empty if it is unknown."""
        with self._lock:
            return next((member.server.digest for member in self._members if member.breaker.is_closed), "")

    def health(self) -> DependencyHealth:
        """Report ok while at least one server is ok. Never waits for the network."""
        with self._lock:
            healthy = [member.server.url for member in self._members if member.problem is None]
            problems = [member.problem for member in self._members if member.problem is not None]
        return DependencyHealth(ok=bool(healthy), detail="; ".join([*healthy, *problems]))

    def close(self) -> None:
        """Close the connections."""
        for member in self._members:
            member.server.close()

    def _choose(self, tried: Sequence[_Member]) -> _Member | None:
        """Return the best server that was not tried yet, after a probe of the servers whose pause is over."""
        for member in self._due(tried):
            self._probe(member)
        with self._lock:
            fit = [
                member for member in self._members if member.breaker.is_closed and not _among(member, tried)
            ]
            return min(fit, key=lambda member: member.in_flight, default=None)

    def _due(self, tried: Sequence[_Member]) -> list[_Member]:
        now = self._monotonic()
        with self._lock:
            due = [
                member
                for member in self._members
                if not member.breaker.is_closed and member.breaker.may_try(now) and not _among(member, tried)
            ]
            for member in due:
                member.breaker = member.breaker.claimed(now)
        return due

    def _probe(self, member: _Member) -> None:
        try:
            member.server.probe()
        except (TryLater, NeverWorks) as error:
            asked = error.after if isinstance(error, TryLater) else None
            with self._lock:
                member.breaker = member.breaker.after_failed_probe(self._monotonic(), asked)
                member.problem = str(error)
        else:
            log.info("model_server_back", server=member.server.url)
            with self._lock:
                member.breaker = member.breaker.after_probe()

    @contextmanager
    def _asking(self, member: _Member) -> Iterator[None]:
        with self._lock:
            member.in_flight += 1
        try:
            yield
        except NeverWorks:
            self._note(member, None)  # a request refused for what it is says nothing against the server
            raise
        except TryLater as error:
            self._note(member, error)
            raise
        else:
            self._note(member, None)
        finally:
            with self._lock:
                member.in_flight -= 1

    def _noted_as_useless(self, member: _Member, error: NeverWorks) -> NeverWorks:
        """Note that a server refuses every request. Its breaker stays closed, because the server is available."""
        if not isinstance(error, UselessError):
            error = NeverWorks(f"{error}, a sample article too; set the model to a chat model")
        with self._lock:
            member.problem = str(error)
        return error

    def _note(self, member: _Member, error: CryptoBoyError | None) -> None:
        now = self._monotonic()
        with self._lock:
            if error is None:
                member.breaker, member.problem = Breaker(), None
            else:
                asked = error.after if isinstance(error, TryLater) else None
                member.breaker, member.problem = member.breaker.after_failure(now, asked), str(error)
        MODEL_SERVER_UP.labels(member.server.url).set(error is None)

    def _problems(self) -> str:
        with self._lock:
            return (
                "; ".join(member.problem for member in self._members if member.problem) or "no server is free"
            )

    def _pause_left(self) -> float | None:
        """Return the seconds until a server may be asked, or None if not all servers have asked for a pause."""
        now = self._monotonic()
        with self._lock:
            asked = [
                member.breaker.until - now
                for member in self._members
                if member.breaker.until - now > member.breaker.pause
            ]
        return min(asked) if asked and len(asked) == len(self._members) else None


def _worst(errors: Sequence[CryptoBoyError]) -> TryLater:
    """Combine the errors of several servers, none of which can be used, into one error."""
    said = "; ".join(map(str, errors))
    if all(isinstance(error, NeverWorks) for error in errors):
        is_paid_for = any(isinstance(error, UselessError) for error in errors)
        return RefusesAll(said, after=USELESS_PAUSE_SECONDS if is_paid_for else None)
    if all(isinstance(error, (PersonNeededError, NeverWorks)) for error in errors):
        return PersonNeededError(said)
    return TryLater(said)


@contextmanager
def _measured(server: str) -> Iterator[None]:
    """Count one request to a server by its result, and measure its time."""
    outcome = "answered"
    try:
        with MODEL_REQUEST_SECONDS.labels(server).time():
            yield
    except CryptoBoyError as error:
        outcome = error.reaction
        raise
    finally:
        MODEL_REQUESTS.labels(server, outcome).inc()


def _among(member: _Member, members: Sequence[_Member]) -> bool:
    return any(member is each for each in members)
