"""The version of this package, and a comparison with the CryptoBoy that is installed in the same environment.

A strategy folder's own copy of the package is imported before an installed one. An upgrade of the installed one leaves
that copy behind, and the strategy would run old code without a word.
"""

import logging
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

VERSION = "0.1.0"

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
