"""The keys of the API: made, listed, revoked and recognised. The file keeps their hashes only.

A key is a random text of 256 bits, so a plain SHA-256 hides it: nobody can try all texts.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from services.common.errors import StopProgram
from services.common.files import read_small, write_whole
from services.common.settings.settings import Settings

FILE_NAME = "api_keys.json"
MOST_KEYS = 1_000
_KEY = re.compile(r"cb_(?P<id>[0-9a-f]{8})_(?P<secret>[A-Za-z0-9_-]{43})")
_NAME = re.compile(r"[\w .@:-]{1,60}")
_NOBODY = hashlib.sha256(secrets.token_bytes(32)).hexdigest()
_HINT = "./cryptoboy secrets api-key make writes a new one"


class Scope(StrEnum):
    """What the owner of a key may do: read, or also change something."""

    READ = "read"
    CONTROL = "control"

    def allows(self, needed: Scope) -> bool:
        """Whether this scope is enough where `needed` is demanded."""
        return self is Scope.CONTROL or needed is Scope.READ


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is stored.

    Attributes:
        id: eight hexadecimal digits, which are also the visible part of the key.
        name: what the key is for, as the operator wrote it.
        made: when it was made, ISO 8601 in UTC.
        hash: SHA-256 of the secret part.
    """

    id: str
    name: str
    scope: Scope
    made: str
    hash: str

    def as_json(self) -> dict[str, Any]:
        """The key without its hash."""
        return {name: value for name, value in asdict(self).items() if name != "hash"}


def keys_file(settings: Settings) -> Path:
    """The file of the keys that the settings name."""
    return settings.api_keys_file or settings.state_dir / FILE_NAME


class ApiKeys:
    """The keys in one file, which is read again when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys: dict[str, ApiKey] = {}
        self._read: tuple[int, int, int] | None = None

    def make(self, name: str, scope: Scope, now: datetime) -> str:
        """Make a key, and return it. It is nowhere else: the file has its hash.

        Raises:
            StopProgram: the name cannot be used, there are too many keys, or the file cannot be read or written.
        """
        if not _NAME.fullmatch(name):
            raise StopProgram(
                f"{name!r} cannot be the name of a key: use up to 60 letters, digits, spaces and . @ : _ -"
            )
        secret, identity = secrets.token_urlsafe(32), secrets.token_hex(4)
        made = now.astimezone(UTC).isoformat(timespec="seconds")
        key = ApiKey(identity, name, scope, made, _hash(secret))
        with self._changing() as keys:
            if len(keys) >= MOST_KEYS:
                raise StopProgram(f"there are {MOST_KEYS} keys already; revoke some of them")
            keys[identity] = key
        return f"cb_{identity}_{secret}"

    def revoke(self, identity: str) -> ApiKey:
        """Remove a key, and return what it was. A running API refuses it from its next request on.

        Raises:
            StopProgram: no key has this id, or the file cannot be read or written.
        """
        with self._changing() as keys:
            if identity not in keys:
                raise StopProgram(
                    f"there is no key {identity!r}; ./cryptoboy secrets api-key list shows the ids"
                )
            return keys.pop(identity)

    def all(self) -> list[ApiKey]:
        """The keys, oldest first. Raises StopProgram if the file cannot be read."""
        self._refresh()
        return sorted(self._keys.values(), key=lambda key: (key.made, key.id))

    def find(self, text: str) -> ApiKey | None:
        """The key with this text, compared in constant time; None if there is none.

        Raises:
            StopProgram: the file cannot be read.
        """
        self._refresh()
        match = _KEY.fullmatch(text)
        if match is None:
            return None
        key = self._keys.get(match["id"])
        # An unknown id costs the same comparison, so the time of an answer does not tell which ids exist.
        same = hmac.compare_digest(_hash(match["secret"]), key.hash if key else _NOBODY)
        return key if same else None

    def has(self, key: ApiKey) -> bool:
        """Whether this key is still there. Raises StopProgram if the file cannot be read."""
        self._refresh()
        return self._keys.get(key.id) == key

    @contextmanager
    def _changing(self) -> Iterator[dict[str, ApiKey]]:
        """Yield the keys for a change, which is written at the end; two programs never change them together."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.with_name(f".{self._path.name}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._refresh()
                keys = dict(self._keys)
                yield keys
                rows = [asdict(key) for key in keys.values()]
                write_whole(self._path, json.dumps({"keys": rows}, indent=1) + "\n", mode=0o600)
        except OSError as error:
            raise StopProgram(f"{self._path} cannot be written ({error.strerror})") from error

    def _refresh(self) -> None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._keys, self._read = {}, None
            return
        except OSError as error:
            raise StopProgram(f"{self._path} cannot be read ({error.strerror})") from error
        version = (found.st_mtime_ns, found.st_size, found.st_ino)
        if version != self._read:
            self._keys = _keys_in(self._path)
            self._read = version


def _keys_in(path: Path) -> dict[str, ApiKey]:
    try:
        rows = json.loads(read_small(path))["keys"]
        keys = [ApiKey(**{field: str(row[field]) for field in ApiKey.__dataclass_fields__}) for row in rows]  # type: ignore[arg-type]  # the scope is checked below
        return {key.id: replace(key, scope=Scope(key.scope)) for key in keys}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StopProgram(f"{path} holds no keys of the API; {_HINT} once the file is moved away") from error


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
