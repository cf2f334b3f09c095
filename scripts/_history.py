"""What the scripts of this folder share: each is one subcommand of `./cryptoboy history`, by another name.

They work from any folder and with any Python: `./cryptoboy` finds, or installs, the right one.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

CRYPTOBOY = Path(__file__).resolve().parents[1] / "cryptoboy"


def become(command: str) -> NoReturn:
    """Become `./cryptoboy history COMMAND` with this script's arguments; its exit status is ours."""
    arguments = [str(CRYPTOBOY), "history", command, *sys.argv[1:]]
    os.execv(arguments[0], arguments)  # noqa: S606 - our own program, no shell
