"""Takes over the content that version 0.1.0 and before kept in a snapshot.

It is a file of commands in the Redis protocol, as an append-only file is, so the server loads it as one. It begins
and ends with an ECHO: a version, and the SHA-256 of everything before.
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
"""An append-only file as Redis had it before version 7, and the folder into which the server turns it."""


def _last(content: bytes) -> bytes:
    return encode_request(b"ECHO", b"sha256:" + hashlib.sha256(content).hexdigest().encode())


def take_over_snapshot(snapshot: Path, folder: Path) -> bool:
    """Put the snapshot, if there is one, where a server that keeps its data in `folder` loads it.

    Returns:
        Whether it did. Whoever has made sure that the server has loaded it renames the snapshot.

    Raises:
        OSError: the snapshot cannot be read or copied.
        StopProgram: it is damaged and was moved aside.
    """
    if not snapshot.exists() or (folder / _NEW_STYLE).exists():
        return False
    content = snapshot.read_bytes()
    end = len(content) - len(_last(b""))
    if not content.startswith(_FIRST) or content[end:] != _last(content[:end]):
        raise StopProgram(f"the Redis snapshot {snapshot} is damaged. {moved_aside(snapshot)}")
    write_whole(folder / _OLD_STYLE, content)
    return True
