"""The secrets of a production system: one file each, in one folder that only its owner can enter.

The files themselves are readable by all, because containers with several users read them and Compose mounts them as
they are. Other users cannot reach them, because the folder is closed.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from services.common.broker.rabbitmq.users import BROKER_USERS
from services.common.errors import StopProgram
from services.common.settings.folders import CONFIGURATION
from services.common.store.redis.users import STORE_USERS
from services.operations.secrets.takeover import ISSUED

SECRETS_VARIABLE = "CRYPTOBOY_SECRETS"
DEFAULT_FOLDER = CONFIGURATION / "secrets"
_FOLDER_MODE, _FILE_MODE = 0o700, 0o444
_RANDOM_BYTES = 24

BROKER_SECRETS = {user.name: f"rabbitmq_{user.name}" for user in BROKER_USERS}
STORE_SECRETS = {user.name: f"redis_{user.name}" for user in STORE_USERS}
MADE = (
    *BROKER_SECRETS.values(),
    *STORE_SECRETS.values(),
    "freqtrade_api",
    "freqtrade_ws",
    "notify_webhook",
    "postgres",
    "grafana_admin",
)
"""Passwords that only the system has to know; they are random."""
GIVEN = (*ISSUED, "alert_notes_url", "alert_pages_url")
"""Secrets that others issue; the files are empty until the operator fills them."""


@dataclass(frozen=True, slots=True)
class Made:
    """The result of `make_secrets`: the names of the files that were made, kept, or filled with a known secret."""

    made: tuple[str, ...]
    kept: tuple[str, ...]
    taken_over: tuple[str, ...] = ()


def make_secrets(folder: Path, texts: Mapping[str, str] = MappingProxyType({})) -> Made:
    """Make the missing files, and fill the empty files whose secret is in `texts`.

    Args:
        folder: the folder of the files; made if it is missing.
        texts: secrets by the name of their file. A file without such a secret gets a random password, or stays empty
            if others issue its secret.

    Raises:
        StopProgram: the folder cannot be written.
    """
    try:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        folder.chmod(_FOLDER_MODE)
        names = [
            name
            for name in (*MADE, *GIVEN)
            if _make(folder / name, texts.get(name, ""), is_random=name in MADE)
        ]
    except OSError as error:
        raise StopProgram(
            f"{folder} cannot be written ({error.strerror}); name another with --dir"
        ) from error
    return Made(
        tuple(name for name in names if name not in texts),
        tuple(name for name in (*MADE, *GIVEN) if name not in names),
        tuple(name for name in names if name in texts),
    )


def _make(path: Path, text: str, *, is_random: bool) -> bool:
    """Make or fill one file of a secret, and return whether anything was written."""
    if text and not is_random and path.is_file() and not path.read_text().strip():
        path.write_text(f"{text}\n")
        return True
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
        with os.fdopen(descriptor, "w") as file:
            os.fchmod(descriptor, _FILE_MODE if is_random else _FILE_MODE | 0o200)
            text = text or (secrets.token_urlsafe(_RANDOM_BYTES) if is_random else "")
            file.write(f"{text}\n" if text else "")
        return True
    return False


def tell_compose(env_file: Path, folder: Path) -> None:
    """Set the variable for the secrets folder in the `.env` file, and remove older lines with this variable."""
    lines = env_file.read_text().splitlines() if env_file.is_file() else []
    kept = [line for line in lines if not line.startswith(f"{SECRETS_VARIABLE}=")]
    wanted = [*kept, f"{SECRETS_VARIABLE}={folder}"]
    if sorted(wanted) != sorted(lines):
        env_file.parent.mkdir(parents=True, exist_ok=True)
        env_file.write_text("\n".join(wanted) + "\n")


def read_passwords(folder: Path, files: dict[str, str]) -> dict[str, str]:
    """Read the passwords of users from their files.

    Args:
        folder: the folder of the files.
        files: the name of each user's file.

    Raises:
        StopProgram: files are missing or empty; the message names them and says what to do.
    """
    found = {user: _read(folder / name) for user, name in files.items()}
    missing = [files[user] for user, password in found.items() if not password]
    if missing:
        raise StopProgram(
            f"{folder} lacks {', '.join(missing)}: ./cryptoboy secrets init --dir {folder} makes what is missing"
        )
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise StopProgram(f"{path} cannot be read ({type(error).__name__}); is it yours?") from error
