"""An upgrade can only be tried from a version that the clone has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.containers.former import FormerVersion


def test_a_version_that_the_history_lacks_is_a_failure_that_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"no commit 0+, .* history is not complete.*--unshallow"):
        FormerVersion(tmp_path, "0" * 40)
