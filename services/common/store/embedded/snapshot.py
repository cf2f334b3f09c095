"""Takes over the content that version 0.1.0 and before kept in a snapshot.

It is a file of commands in the Redis protocol, as an append-only file is, so the server loads it as one. It begins
and ends with an ECHO: a version, and the SHA-256 of everything before.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from services.common.errors import StopProgram
from services.common.store.embedded.proxy import encode_request

_FIRST = encode_request(b"ECHO", b"cryptoboy-snapshot-1")
_OLD_STYLE, _NEW_STYLE = "appendonly.aof", "appendonlydir"
"""An append-only file as Redis had it before version 7, and the folder into which the server turns it."""


def _last(content: bytes) -> bytes:
    return encode_request(b"ECHO", b"sha256:" + hashlib.sha256(content).hexdigest().encode())


def take_over_snapshot(snapshot: Path, folder: Path) -> bool:
    """Put the snapshot, if there is one, where a server that keeps its data in `folder` loads it.

    Returns:
        Whether it did; when the server has loaded it, `finish` is to be called.

    Raises:
        StopProgram: the snapshot is damaged and was moved aside, or cannot be read or copied.
    """
    if not snapshot.exists() or (folder / _NEW_STYLE).exists():
        return False
    try:
        content = snapshot.read_bytes()
        end = len(content) - len(_last(b""))
        if not content.startswith(_FIRST) or content[end:] != _last(content[:end]):
            raise _damaged(snapshot)
        draft = folder / f"{_OLD_STYLE}.part"
        draft.write_bytes(content)
        draft.replace(folder / _OLD_STYLE)
    except OSError as error:
        raise StopProgram(
            f"the Redis snapshot {snapshot} cannot be taken over: {error}. Check the disk's space and rights."
        ) from error
    return True


def finish(snapshot: Path) -> None:
    """Rename the snapshot, so that it is not taken over again. Raises OSError."""
    snapshot.replace(snapshot.with_name(f"{snapshot.name}.taken-over"))


def _damaged(snapshot: Path) -> StopProgram:
    aside = snapshot.with_name(f"{snapshot.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    snapshot.replace(aside)
    return StopProgram(
        f"the Redis snapshot {snapshot} is damaged. It was kept as {aside}. Put a good copy in its place, or start "
        "again to begin with an empty store, on which entries are refused until ./cryptoboy resume."
    )
