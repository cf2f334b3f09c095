"""Turns errors of SQLAlchemy and of the two databases into our own."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from services.common import sqlite
from services.common.errors import StopProgram, TryLater

_PASSING = ("08", "40", "53", "55", "57", "58")
"""Classes of SQLSTATE that pass by themselves: lost connections, conflicts, no room, locks, shutdowns, the disk."""
_REFUSED = re.compile(
    r"authentication failed|no password supplied|no pg_hba\.conf entry|(database|role) \S+ does not exist"
    r"|certificate verify failed|server does not support SSL|requires a valid client certificate"
    r"|root certificate file|private key file|invalid (port number|integer value|\"?\w+\"? value)|definition of service"
    r"|could not parse network address",
    re.IGNORECASE,
)
"""libpq gives no SQLSTATE for a connection that failed, only the server's text."""


@contextmanager
def reactions(place: str, path: Path | None) -> Iterator[None]:
    """Raise TryLater or StopProgram for an error of the database in this block.

    Args:
        place: the address of the history without its password, for messages.
        path: the file of a SQLite database.
    """
    try:
        yield
    except NoConnectionError as error:
        raise TryLater(f"the history in {place} has too many readers at the moment") from error
    except DBAPIError as error:
        if path is not None and isinstance(error.orig, sqlite3.Error):
            raise sqlite.reaction_to(error.orig, path, "the history") from error
        raise _reaction_of_server(error, place) from error
    except SQLAlchemyError as error:
        raise StopProgram(f"the history in {place} cannot be used: {_first_line(error)}") from error


def _reaction_of_server(error: DBAPIError, place: str) -> TryLater | StopProgram:
    state = getattr(error.orig, "sqlstate", None) or ""
    text = _first_line(error.orig)
    if error.connection_invalidated or state.startswith(_PASSING):
        return TryLater(f"the history in {place} cannot be used now: {text}")
    if not state and not _REFUSED.search(str(error.orig)) and type(error.orig).__name__ == "OperationalError":
        return TryLater(f"the history in {place} is unreachable: {text}")
    return StopProgram(
        f"the history in {place} cannot be used: {text}. Check HISTORY_URL, and the rights of its user"
    )


def _first_line(error: BaseException | None) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
