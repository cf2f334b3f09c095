"""Controls who may connect to the embedded Redis.

This project's programs use the socket of this Redis; other clients of the same user use the port and a password. The
socket is in a folder that no other user may enter (see `private`), so a client knows that the server at the socket
belongs to this user. Another user who listens on the port while the port is free receives neither a password nor a
client. For the reason why both a socket and a port exist, see
docs/adr/0019-the-embedded-redis-is-reached-by-a-socket-in-a-closed-folder.md.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import stat
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from services.common.errors import StopProgram
from services.common.files import write_whole
from services.common.secrets.private import make_own_folder
from services.common.settings.settings import BrokerKind, Settings

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SHORT_FOLDERS = Path("/tmp")  # noqa: S108 - for a folder that is checked to be ours alone # nosec B108
_LONGEST_PATH = 103
"""Maximum length of a socket's path, in bytes, that every system allows; Linux allows four more bytes."""
_RANDOM_BYTES = 24
_OF_OTHERS = 0o077
_WRITABLE_BY_OTHERS = 0o022


def socket_file(state_dir: Path, port: int) -> Path:
    """The path of the socket of the embedded Redis that serves `port` from that STATE_DIR.

    If the path would be too long for a socket, the socket is in a separate folder in /tmp with the same access rights
    as STATE_DIR.
    """
    folder = state_dir.resolve()
    name = f"redis-{port}.sock"
    if len(os.fsencode(folder / name)) <= _LONGEST_PATH:
        return folder / name
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()
    return _SHORT_FOLDERS / f"cryptoboy-{digest[:16]}" / name


def password_file(state_dir: Path) -> Path:
    """The path of the file with the password for the port, which is used if REDIS_PASSWORD is not set."""
    return state_dir.resolve() / "redis-password"


def data_folder(state_dir: Path) -> Path:
    """The folder in which the embedded Redis keeps its data."""
    return state_dir.resolve() / "redis"


def with_socket(settings: Settings) -> Settings:
    """The settings with the path of the embedded Redis's socket, whether or not the socket exists yet.

    The folder of the socket is created, so that no other user can create a socket there first.

    Raises:
        StopProgram: the folder is accessible to another user, or cannot be created.
    """
    path = socket_file(settings.state_dir, settings.redis_port)
    try:
        make_own_folder(path.parent)
    except OSError as error:
        raise StopProgram(
            f"{path.parent}, where the embedded Redis has its socket, cannot be used: {error.strerror}. Choose another "
            "STATE_DIR."
        ) from error
    return settings.changed(redis_socket=path)


def socket_of(settings: Settings) -> Path | None:
    """The socket through which these settings reach Redis; None if they use REDIS_HOST and REDIS_PORT.

    If REDIS_SOCKET is not set, the result is the socket of the embedded Redis, if it exists.
    """
    if settings.redis_socket is not None:
        return settings.redis_socket
    if settings.broker is not BrokerKind.EMBEDDED or settings.redis_host not in LOOPBACK:
        return None
    path = socket_file(settings.state_dir, settings.redis_port)
    return path if _is_own_socket(path) else None


def socket_in_checkout(settings: Settings, checkout: Path) -> Path | None:
    """The socket of an embedded Redis that runs with the checkout's own folder `var` as its STATE_DIR.

    None if there is none, if these settings name another Redis, or if their own STATE_DIR has a socket.
    """
    is_embedded = settings.broker is BrokerKind.EMBEDDED and settings.redis_host in LOOPBACK
    if not is_embedded or socket_of(settings) is not None:
        return None
    path = socket_file(checkout / "var", settings.redis_port)
    return path if _is_own_socket(path) and accepts_connections(path) else None


def accepts_connections(path: Path | None) -> bool:
    """Whether a program listens at the socket, which stays behind if that program was killed."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(path))
            return True
    except OSError:
        return False


def data_of(settings: Settings) -> Path | None:
    """The data folder of the embedded Redis if these settings reach it through its socket; otherwise None."""
    is_embedded = socket_of(settings) == socket_file(settings.state_dir, settings.redis_port)
    return data_folder(settings.state_dir) if is_embedded else None


def moved_aside(path: Path) -> str:
    """Rename damaged data, so that the next start does not load them; returns a text for the user. Raises OSError."""
    aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    path.rename(aside)
    return (
        f"It was moved to {aside}. Put a good copy in its place, or start again to begin with an empty store, on which "
        "entries are refused until ./cryptoboy resume."
    )


def remove_short_folder(socket: Path) -> None:
    """Remove the folder of a socket if it was created because the socket's path would have been too long."""
    if socket.parent.parent == _SHORT_FOLDERS:
        with suppress(OSError):  # another server's socket is there too
            socket.parent.rmdir()


def _is_own_socket(path: Path) -> bool:
    """Whether this user or root created the socket. If root runs this process, any user may have created it."""
    try:
        found, folder = path.lstat(), path.parent.stat()
    except OSError:
        return False
    owners = {found.st_uid, folder.st_uid}
    is_ours = owners <= {os.geteuid(), 0} or (os.geteuid() == 0 and len(owners) == 1)
    return stat.S_ISSOCK(found.st_mode) and is_ours and not folder.st_mode & _WRITABLE_BY_OTHERS


def password_of(state_dir: Path) -> SecretStr:
    """The password in `password_file`, which is created with a random password on first use.

    Raises:
        StopProgram: the file cannot be created or read, belongs to another user, or can be read by others.
    """
    path = password_file(state_dir)
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(path, f"{secrets.token_urlsafe(_RANDOM_BYTES)}\n", mode=0o600)
        return SecretStr(_read(path))
    except OSError as error:
        raise StopProgram(
            f"the password of the embedded Redis cannot be kept in {path}: {error.strerror}. Give this user the right "
            "to use that folder, or choose another with STATE_DIR."
        ) from error


def _read(path: Path) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor) as file:
        found = os.fstat(descriptor)
        text = file.read().strip()
    if found.st_uid != os.geteuid() or found.st_mode & _OF_OTHERS or not text:
        raise StopProgram(
            f"{path}, the password of the embedded Redis, is empty, belongs to another user, or can be read by others. "
            "Delete it and start again: a new one is made; STATE_DIR has to be on a file system that keeps rights."
        )
    return text
