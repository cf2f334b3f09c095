from __future__ import annotations

from pathlib import Path

import pytest

from devtools import guards
from devtools.guards import Edit, Guard, Verdict, copy_tree, edited, load_guards, take_away, without
from services.common.errors import StopProgram
from services.common.settings.settings import PROJECT_ROOT

CODE = "def ready() -> bool:\n    return True\n"
TEST = "from code_under_test import ready\n\n\ndef test_it() -> None:\n    assert ready()\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "code_under_test.py").write_text(CODE)
    (tmp_path / "test_it.py").write_text(TEST)
    return tmp_path


def guard(instead: str, test: str = "test_it.py::test_it") -> Guard:
    edit = Edit(file="code_under_test.py", find="    return True\n", instead=instead)
    return Guard(name="ready", fault="none", guard="it is ready", test=test, edits=(edit,))


@pytest.mark.parametrize(
    ("instead", "test", "verdict"),
    [
        ("    return False\n", "test_it.py::test_it", Verdict.NOTICED),
        ("    return not False\n", "test_it.py::test_it", Verdict.MISSED),
        ("    return False\n", "test_it.py::test_that_is_not_there", Verdict.BROKEN),
        ("    this is no Python\n", "test_it.py::test_it", Verdict.BROKEN),
    ],
)
def test_a_missing_guard_is_noticed_missed_or_its_test_cannot_be_run(
    tree: Path, instead: str, test: str, verdict: Verdict
) -> None:
    outcome = take_away(tree, guard(instead, test))
    assert outcome.verdict is verdict, outcome.said
    assert (tree / "code_under_test.py").read_text() == CODE


@pytest.mark.parametrize("text", ["nothing of the kind", "return 1\nreturn 1\n"])
def test_a_guard_that_is_not_there_exactly_once_is_told(text: str) -> None:
    with pytest.raises(StopProgram, match=r"not once; change tests/chaos/guards\.toml"):
        without(text, Edit(file="x.py", find="return 1\n", instead=""))


def test_every_guard_stands_where_the_file_says_and_its_test_is_there() -> None:
    for each in load_guards():
        assert edited(PROJECT_ROOT, each)
        path, _, test = each.test.partition("::")
        assert f"def {test.partition('[')[0]}(" in (PROJECT_ROOT / path).read_text()


@pytest.mark.parametrize("content", ["", "[[guard]]\nname = 'x'\n", "not toml"])
def test_a_file_with_a_mistake_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "guards.toml"
    file.write_text(content)
    with pytest.raises(StopProgram, match="cannot be used"):
        load_guards(file)


def test_an_unknown_guard_is_answered_with_those_there_are() -> None:
    with pytest.raises(StopProgram, match="known_ids"):
        load_guards(only=["sausage"])


def test_the_copy_is_the_tree_as_it_is_now(tmp_path: Path) -> None:
    copy_tree(tmp_path)
    source = Path(guards.__file__).relative_to(PROJECT_ROOT)
    assert (tmp_path / source).read_bytes() == (PROJECT_ROOT / source).read_bytes()
    assert not (tmp_path / ".git").exists()
