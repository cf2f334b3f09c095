"""The version of this package, and comparisons with the CryptoBoy and the Freqtrade of the same environment.

A strategy folder's own copy of the package is imported before an installed one. An upgrade of the installed one leaves
that copy behind, and the strategy would run old code without a word.
"""

import logging
import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version
from pathlib import Path

VERSION = "0.1.0"
OLDEST_FREQTRADE, NEWEST_FREQTRADE = (2025, 12), (2026, 9)
"""The versions of Freqtrade with which this version is tested; versions between them count as tested."""

logger = logging.getLogger(__name__)


def warn_of_another_version() -> None:
    """Log a warning if another version of CryptoBoy is installed; it says which one is used, and what to do."""
    try:
        warning = describe_difference(distribution("cryptoboy"))
    except PackageNotFoundError:
        return
    if warning:
        logger.warning(warning)


def describe_difference(installed: Distribution) -> str:
    """The warning about an installed version that is not this one; empty if the versions are the same."""
    if installed.version == VERSION:
        return ""
    own = Path(__file__).resolve().parent
    return (
        f"cryptoboy_sentiment {VERSION} in {own} is used, while CryptoBoy {installed.version} is installed. To use "
        f"the installed one, remove {own}; to bring the copy up to date, replace it by a copy of "
        f"{installed.locate_file('cryptoboy_sentiment')}"
    )


def warn_of_untested_freqtrade() -> None:
    """Log a warning if this version is not tested with the Freqtrade of this environment."""
    try:
        warning = describe_freqtrade(version("freqtrade"))
    except PackageNotFoundError:
        return
    if warning:
        logger.warning(warning)


def describe_freqtrade(installed: str) -> str:
    """The warning about a Freqtrade that is older or newer than the tested ones; empty for a tested one."""
    match = re.match(r"(\d{4})\.(\d{1,2})(?!\d)", installed)  # such as 2026.9 or 2026.10-dev
    if match is None:
        return ""
    found = int(match[1]), int(match[2])
    if found < OLDEST_FREQTRADE:
        return (
            f"Freqtrade {installed} is older than {_shown(OLDEST_FREQTRADE)}, the oldest with which "
            f"cryptoboy_sentiment {VERSION} is tested: update Freqtrade"
        )
    if found > NEWEST_FREQTRADE:
        return (
            f"Freqtrade {installed} is newer than {_shown(NEWEST_FREQTRADE)}, the newest with which "
            f"cryptoboy_sentiment {VERSION} is tested: look for a newer CryptoBoy, and begin with a dry-run"
        )
    return ""


def _shown(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
