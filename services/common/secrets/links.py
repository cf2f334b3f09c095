"""One-time links, with which a browser gets a session at the API.

A program that may write to STATE_DIR makes a link and prints it; the API, which shares the folder, accepts each link
once. Only the hash of a link's token is stored, as the name of an empty file.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path

from services.common.secrets.private import make_own_folder

FOLDER = "api_links"
PATH = "/enter/"
VALID_SECONDS = 12 * 3600
MOST_LINKS = 20
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def make_link(state_dir: Path, address: str) -> str:
    """Make a link that can be opened once in the next 12 hours. The oldest of more than 20 unused links are removed.

    Args:
        state_dir: the folder STATE_DIR of the API.
        address: the API's address as the browser reaches it, such as `http://127.0.0.1:8110`.

    Raises:
        OSError: the folder cannot be written.
        StopProgram: the folder is open to other users and cannot be closed.
    """
    folder = state_dir / FOLDER
    make_own_folder(folder)
    token = secrets.token_urlsafe(32)
    (folder / _name_of(token)).touch(mode=0o600)
    for old in sorted(folder.iterdir(), key=_age)[MOST_LINKS:]:
        old.unlink(missing_ok=True)
    return f"{address.rstrip('/')}{PATH}{token}"


def use_link(state_dir: Path, token: str) -> bool:
    """Return whether the token is that of an unused link, which is then used up; of two callers, one gets True."""
    if not _TOKEN.fullmatch(token):
        return False
    file = state_dir / FOLDER / _name_of(token)
    with suppress(OSError):
        age = _age(file)
        file.unlink()
        return age < VALID_SECONDS
    return False


def _name_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _age(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
