from __future__ import annotations

from pathlib import Path

import pytest

from devtools.guards import trial
from devtools.guards.entries import Edit, Guard
from devtools.guards.trial import Verdict, copy_tree, try_without
from services.common.settings.settings import PROJECT_ROOT

CODE = "def ready() -> bool:\n    return True  # as always\n"
TEST = "from services.code_under_test import ready\n\n\ndef test_it() -> None:\n    assert ready()\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "code_under_test.py").write_text(CODE)
    (tmp_path / "test_it.py").write_text(TEST)
    return tmp_path


@pytest.mark.parametrize(
    ("instead", "test", "verdict"),
    [
        ("return False", "test_it.py::test_it", Verdict.NOTICED),
        ("return not False", "test_it.py::test_it", Verdict.MISSED),
        ("return False", "test_it.py::test_that_is_not_there", Verdict.BROKEN),
        ("return True\nawait ready()", "test_it.py::test_it", Verdict.BROKEN),
    ],
)
def test_a_missing_guard_is_noticed_missed_or_its_test_cannot_be_run(
    tree: Path, instead: str, test: str, verdict: Verdict
) -> None:
    edit = Edit(symbol="ready", instead=instead)
    guard = Guard(name="ready", fault="none", guard="it is ready", test=test, edits=(edit,))
    outcome = try_without(tree, guard)
    assert outcome.verdict is verdict, outcome.output
    assert (tree / "services" / "code_under_test.py").read_text() == CODE


def test_the_copy_is_the_tree_as_it_is_now(tmp_path: Path) -> None:
    copy_tree(tmp_path)
    source = Path(trial.__file__).relative_to(PROJECT_ROOT)
    assert (tmp_path / source).read_bytes() == (PROJECT_ROOT / source).read_bytes()
    assert not (tmp_path / ".git").exists()
