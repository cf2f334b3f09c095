"""Imports the data that version 0.1.0 and earlier versions stored in a snapshot.

A snapshot contains commands in the Redis protocol, like an append-only file, so the server can load it as one.
Its first command is an ECHO with the version, and its last an ECHO with the SHA-256 of all bytes before.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from services.common.errors import StopProgram
from services.common.files import write_whole
from services.common.store.embedded.access import moved_aside
from services.common.store.embedded.proxy import encode_request

_FIRST = encode_request(b"ECHO", b"cryptoboy-snapshot-1")
_OLD_STYLE, _NEW_STYLE = "appendonly.aof", "appendonlydir"
"""The append-only file of Redis before version 7, and the folder into which the server converts it."""


def _last(content: bytes) -> bytes:
    return encode_request(b"ECHO", b"sha256:" + hashlib.sha256(content).hexdigest().encode())


def take_over_snapshot(snapshot: Path, folder: Path) -> bool:
    """Copy the snapshot, if it exists, to the place where a server with the data folder `folder` loads it.

    Returns:
        Whether the snapshot was copied. The caller renames the snapshot after checking that the server has loaded it.

    Raises:
        OSError: the snapshot cannot be read or copied.
        StopProgram: the snapshot is damaged and was moved aside.
    """
    if not snapshot.exists() or (folder / _NEW_STYLE).exists():
        return False
    content = snapshot.read_bytes()
    end = len(content) - len(_last(b""))
    if not content.startswith(_FIRST) or content[end:] != _last(content[:end]):
        raise StopProgram(f"the Redis snapshot {snapshot} is damaged. {moved_aside(snapshot)}")
    write_whole(folder / _OLD_STYLE, content)
    return True
