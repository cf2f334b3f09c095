"""Checks of the installation: which folders are used, and whether a strategy folder has code of another version."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from services import __version__
from services.common.errors import StopProgram
from services.common.settings.folders import PROJECT_ROOT, STRATEGIES
from services.common.settings.settings import Settings
from services.common.settings.sources import default_env_file
from services.operations.checks.check import Question

PACKAGE = "cryptoboy_sentiment"
_OF_FREQTRADE = Path("user_data/strategies")
_VERSION = re.compile(r'^VERSION = "([^"]+)"$', re.MULTILINE)


def installation_questions(settings: Settings) -> list[Question]:
    """The checks of the folders, and of the strategy folder in the current folder, which Freqtrade would use there."""
    return [
        Question(
            "folders", partial(_folders, settings, os.environ), "choose others: STATE_DIR, CRYPTOBOY_ENV_FILE"
        ),
        Question(
            "strategy",
            partial(describe_copy, _OF_FREQTRADE),
            f"replace it by a copy of {STRATEGIES / PACKAGE}",
            required=False,
        ),
    ]


def _folders(settings: Settings, environ: Mapping[str, str]) -> str:
    env_file = default_env_file(environ)
    named = "no .env" if env_file is None else str(env_file)
    missing = "" if env_file is None or env_file.exists() else " (not there)"
    return f"CryptoBoy {__version__} in {PROJECT_ROOT}, state in {settings.state_dir.resolve()}, {named}{missing}"


def describe_copy(strategies: Path) -> str:
    """Say which version of the package a strategy folder has, or that it has no copy.

    Raises:
        StopProgram: the copy is of another version than the services.
    """
    copy = (strategies / PACKAGE).resolve()
    if not copy.is_dir():
        return f"{STRATEGIES}, of version {__version__}"
    try:
        found = _VERSION.search((copy / "version.py").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        found = None
    version = found[1] if found else "unknown version"
    if version != __version__:
        raise StopProgram(
            f"{copy}: {version}; a Freqtrade that is started here uses it, the services are {__version__}"
        )
    return f"{copy}, of version {__version__}"
