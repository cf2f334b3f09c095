"""Decides for each request who the caller is, and whether the caller may make it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import HTTPConnection

from services.api.access.local import has_local_host, is_embedded, is_foreign, is_forwarded, is_loopback
from services.api.access.rates import RateLimit
from services.api.access.sessions import Session, Sessions
from services.api.problems import Problem
from services.common.clock import Clock
from services.common.secrets.links import PATH
from services.common.settings.settings import Settings
from services.operations.secrets.api_keys import ApiKey, ApiKeys, Scope, keys_file

OPEN_PATHS = frozenset({"/live"})
PROBES = frozenset({"/health", "/metrics"})
READING_POSTS = frozenset({"/mcp", "/v1/strategy/read"})
"""What is asked with POST although it changes nothing."""
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
WRONG_KEYS_PER_MINUTE = 30
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="cryptoboy"'}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request.

    Attributes:
        name: for logs and limits: `local`, `probe`, or the kind and id of a key or session.
        session: the session of a browser; None for all others.
        key: the API key; None for all others.
    """

    name: str
    scope: Scope
    session: Session | None = None
    key: ApiKey | None = None


LOCAL = Caller("local", Scope.READ)
PROBE = Caller("probe", Scope.READ)


class AccessRules:
    """The rules of docs/api.md, "Who may ask"."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._clock = clock
        self._origins = settings.api_origins or ()
        self._on_loopback = is_loopback(settings.api_host)
        self._keys = ApiKeys(keys_file(settings))
        self._rate = RateLimit(settings.api_rate_per_minute)
        self._wrong_keys = RateLimit(WRONG_KEYS_PER_MINUTE)
        self.sessions = Sessions(settings.api_port)

    def admit(self, connection: HTTPConnection) -> Caller:
        """The caller of a request that is allowed.

        Raises:
            Problem: the request is not allowed (401, 403), or the caller makes too many (429).
            StopProgram: the file of the keys cannot be read.
        """
        path = connection.scope["path"]
        if path in OPEN_PATHS or path.startswith(PATH) or (path in PROBES and self._is_direct(connection)):
            return PROBE
        caller = self._caller(connection)
        if caller is not LOCAL and (wait := self._rate.take(caller.name)):
            raise _too_many(wait)
        needed = _needed(connection)
        if not caller.scope.allows(needed):
            raise _refused(caller)
        if caller.key:
            return caller
        self._check_page(connection, caller, needed)
        return caller

    def may_stay(self, caller: Caller) -> bool:
        """Whether a caller that was admitted would be admitted now: keys are revoked, and sessions end."""
        if caller.session:
            return self._clock.now() < caller.session.until
        return caller.key is None or self._keys.has(caller.key)

    def _caller(self, connection: HTTPConnection) -> Caller:
        if "authorization" in connection.headers:
            return self._with_key(connection)
        if session := self.sessions.find(connection, self._clock.now()):
            return Caller(f"session {session.id}", Scope.CONTROL, session)
        if self._on_loopback and self._is_direct(connection):
            return LOCAL
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "an API key is needed here: Authorization: Bearer KEY; ./cryptoboy secrets api-key make makes one. "
            "./cryptoboy serve prints a link for a browser, in containers python -m services.api.link",
            "key-needed",
            headers=_CHALLENGE,
        )

    def _with_key(self, connection: HTTPConnection) -> Caller:
        kind, _, text = connection.headers["authorization"].partition(" ")
        key = self._keys.find(text.strip()) if kind.lower() == "bearer" else None
        if key:
            return Caller(f"key {key.id}", key.scope, key=key)
        address = connection.client.host if connection.client else ""
        if wait := self._wrong_keys.take(address):
            raise _too_many(wait)
        detail = "the API key is unknown or revoked; ./cryptoboy secrets api-key list shows the keys"
        raise Problem(HTTPStatus.UNAUTHORIZED, detail, "key-unknown", headers=_CHALLENGE)

    def _is_direct(self, connection: HTTPConnection) -> bool:
        """Whether no proxy passed the request on and, if the API listens on loopback, the request names loopback."""
        return not is_forwarded(connection) and (not self._on_loopback or has_local_host(connection))

    def _check_page(self, connection: HTTPConnection, caller: Caller, needed: Scope) -> None:
        """Refuse what a browser sends by itself for somebody else's page."""
        changes = connection.scope["type"] == "websocket" or connection.scope["method"] not in READING_METHODS
        embedded = connection.scope.get("method") != "OPTIONS" and is_embedded(connection)
        named = connection.headers.get("origin") in self._origins
        if (changes and is_foreign(connection, self._origins)) or (embedded and not named):
            detail = "a page of another origin may not do this; API_ORIGINS names the origins that may read"
            raise Problem(HTTPStatus.FORBIDDEN, detail, "foreign-origin")
        if needed is Scope.CONTROL and caller.session:
            token = connection.headers.get("x-csrf-token", "")
            if not caller.session.accepts(token):
                raise Problem(HTTPStatus.FORBIDDEN, "the header X-CSRF-Token is missing or wrong", "csrf")


def _needed(connection: HTTPConnection) -> Scope:
    if connection.scope["type"] == "websocket":
        return Scope.READ
    path = connection.scope["path"].rstrip("/")
    reads = connection.scope["method"] in READING_METHODS or path in READING_POSTS
    return Scope.READ if reads else Scope.CONTROL


def _refused(caller: Caller) -> Problem:
    if caller is LOCAL:
        detail = "changes need an API key with the scope control: ./cryptoboy secrets api-key make NAME --scope control"
        return Problem(HTTPStatus.UNAUTHORIZED, detail, "key-needed", headers=_CHALLENGE)
    return Problem(HTTPStatus.FORBIDDEN, "this API key may only read; its scope is not control", "scope")


def _too_many(wait: float) -> Problem:
    seconds = max(1, round(wait + 0.5))
    detail = f"too many requests; wait {seconds} s (API_RATE_PER_MINUTE)"
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, "rate", headers={"Retry-After": str(seconds)})
