"""Sessions of browsers: a cookie that scripts cannot read, and a token that a page of ours must repeat for changes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from starlette.requests import HTTPConnection

VALID = timedelta(hours=12)
MOST_SESSIONS = 100


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that came with a one-time link. It may read and control.

    Attributes:
        id: identifies the session in limits and logs; the cookie cannot be computed from it.
        csrf: what a page of ours sends as `X-CSRF-Token` with each request that changes something.
    """

    id: str
    until: datetime
    csrf: str = field(repr=False)

    def accepts(self, token: str) -> bool:
        """Whether a request with this `X-CSRF-Token` came from a page of ours."""
        return hmac.compare_digest(self.csrf.encode(), token.encode())


class Sessions:
    """The sessions of this process; a restart ends them. The oldest of more than 100 is dropped.

    Args:
        port: the port of the API. Browsers do not tell cookies of two ports apart, so the cookie's name has it.
    """

    def __init__(self, port: int) -> None:
        self.cookie = f"cryptoboy_session_{port}"
        self._lock = threading.Lock()
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def begin(self, now: datetime) -> str:
        """Begin a session, and return the value of its cookie."""
        value = secrets.token_urlsafe(32)
        key = _hash(value)
        with self._lock:
            self._sessions[key] = Session(key[:12], now + VALID, secrets.token_urlsafe(32))
            while len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
        return value

    def find(self, connection: HTTPConnection, now: datetime) -> Session | None:
        """The session whose cookie came with a request; None if there is none, or if it is over."""
        value = connection.cookies.get(self.cookie, "")
        with self._lock:
            # Looking for a hash tells nothing about the values of other cookies by its time.
            session = self._sessions.get(_hash(value))
        return session if session and now < session.until else None


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
