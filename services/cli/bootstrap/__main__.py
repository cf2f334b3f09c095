"""`python -m services.cli.bootstrap CHECKOUT FOLDER LOCK ARGUMENTS`: installs packages and runs the command line."""

from __future__ import annotations

import fcntl
import os
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from services.cli.bootstrap.advice import InstallError, full_disk, is_full_disk, refuse_unusable, say
from services.cli.bootstrap.environment import Environment
from services.cli.bootstrap.installers import Runner

STOPPED = 130


def main(root: Path, folder: Path, lock: str, arguments: Sequence[str]) -> None:
    """Install into `folder` what a lock file of the checkout pins, then replace this process by the command line.

    Args:
        root: the folder of the checkout.
        folder: the folder of the environment.
        lock: the name of the lock file in `requirements/`, without its suffix.
        arguments: those of the command line.
    """
    _stop_on_signals()
    environment = Environment(root, folder, lock)
    try:
        if not environment.has_all():
            refuse_unusable(folder, again=shlex.join([f"{root}/cryptoboy", *arguments]))
            with _locked(folder) as descriptor:
                environment.complete(Runner(folder, descriptor))
    except KeyboardInterrupt:
        say("stopped; the installation is not complete, and the next call begins it again")
        sys.exit(STOPPED)
    except InstallError as error:
        say(str(error))
        sys.exit(1)
    except OSError as error:
        say(full_disk(folder) if is_full_disk(error) else f"{folder} could not be made: {error}")
        sys.exit(1)
    python = str(folder / "bin/python")
    os.execv(python, [python, "-P", "-m", "services.cli", *arguments])  # noqa: S606 - the environment just made


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """Make `folder` if it is missing, and lock it while the context lasts; yields the descriptor of the lock."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another call is installing into {folder}; waiting for it")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            say(
                f"{folder} cannot be locked ({error.strerror}); let no other call install into it at the same time"
            )
        yield descriptor
    finally:
        os.close(descriptor)


def _stop_on_signals() -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(_number: int, _frame: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)  # the first signal is being handled
        raise KeyboardInterrupt

    for number in numbers:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]).absolute(), sys.argv[3], sys.argv[4:])
