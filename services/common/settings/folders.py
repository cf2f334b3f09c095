"""The folders of the project: its code, its strategies, its configuration and its state.

The code is in a checkout, in a container image, or in a wheel. The folder of a wheel belongs to an installer and may
be read-only, so an installed CryptoBoy keeps its configuration and its state in the user's folders
(XDG_CONFIG_HOME and XDG_STATE_HOME).
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[3]
STRATEGIES = PROJECT_ROOT / "user_data" / "strategies"
PYTHON_PATH = os.pathsep.join([str(PROJECT_ROOT), str(STRATEGIES)])
"""The PYTHONPATH of our programs: the folders of `services` and of the strategy with `cryptoboy_sentiment`."""
INSTALLED = (PROJECT_ROOT / "__init__.py").is_file()
"""Whether the code is in a wheel, in which this folder is the package `cryptoboy`."""
COMMAND = "cryptoboy" if INSTALLED else "./cryptoboy"
"""The command that users type."""


def configuration_folder(environ: Mapping[str, str], root: Path = PROJECT_ROOT, *, installed: bool) -> Path:
    """Return the folder of `.env` and of the secrets: the checkout, or the user's folder for an installed wheel.

    It is never the current folder: another program's `.env`, or one written by somebody else, would decide how the bot
    trades.
    """
    return _of_user(environ, "XDG_CONFIG_HOME", ".config") or root if installed else root


def state_folder(environ: Mapping[str, str], *, installed: bool) -> Path:
    """Return the default of STATE_DIR: `var` in the current folder, or the user's folder for an installed wheel."""
    var = Path("var")
    return _of_user(environ, "XDG_STATE_HOME", ".local/state") or var if installed else var


def _of_user(environ: Mapping[str, str], variable: str, usual: str) -> Path | None:
    """Return our folder in the one that `variable` names, or in `usual`; None if the user has no home folder."""
    folders = (Path(environ.get(variable, "")), Path(environ.get("HOME") or _listed_home()) / usual)
    return next((folder / "cryptoboy" for folder in folders if folder.is_absolute()), None)


def _listed_home() -> str:
    """Return the home folder of this user in the list of users, for programs that get no HOME; empty if not listed."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return ""


CONFIGURATION = configuration_folder(os.environ, installed=INSTALLED)
STATE = state_folder(os.environ, installed=INSTALLED)
