"""The upgrade is tried where the checkout has the history that it begins with; elsewhere that is said."""

from __future__ import annotations

import pytest

from tests.support.containers.former import FORMER, is_known

collect_ignore = [] if is_known(FORMER) else ["test_upgrade.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say last what was not run."""
    if collect_ignore:
        terminalreporter.write_line(
            f"upgrade NOT RUN: the history of this checkout has no commit {FORMER}; `git fetch --unshallow` gets it"
        )
