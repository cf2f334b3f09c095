"""How code looks without a guard, wherever it stands and however it is laid out."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools.guards.entries import Edit, Guard
from devtools.guards.removal import without_guard
from services.common.errors import StopProgram

MODULE = '''\
LIMIT: int = 3


class Reader:
    """Reads."""

    def read(self, stop):
        """Read all of it."""
        while not stop.wait(
            1.0  # a second
        ):
            try:
                self._take(self.next(), LIMIT)
            except KeyError as error:
                log(error)
                raise


def again():
    log(1)
    log(2)
'''


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "services" / "deep"
    folder.mkdir(parents=True)
    (folder / "reader.py").write_text(MODULE)
    return tmp_path


def changed(tree: Path, **edit: str) -> str:
    """The module without a guard that is taken out by this edit."""
    guard = Guard(name="some", fault="", guard="", test="", edits=(Edit(**edit),))
    (text,) = without_guard(tree, guard).values()
    return text


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({"symbol": "LIMIT", "instead": "0"}, "LIMIT: int = 0"),
        ({"symbol": "Reader.read", "instead": "return"}, "def read(self, stop):\n        return\n"),
        ({"symbol": "again", "first": "return"}, "def again():\n    return\n    log(1)\n    log(2)"),
        ({"symbol": "again", "find": "log(2)", "instead": "pass"}, "log(1)\n    pass"),
        ({"symbol": "again", "find": "log(2)", "first": "pass"}, "log(1)\n    pass\n    log(2)"),
        ({"symbol": "Reader.read", "find": "stop.wait(1.0)", "instead": "True"}, "while not True:"),
        ({"symbol": "Reader.read", "find": "KeyError", "instead": "OSError"}, "except OSError as error:"),
        ({"symbol": "Reader.read", "find": "self.next()", "instead": "None"}, "self._take(None, LIMIT)"),
        (
            {"symbol": "Reader.read", "find": "self._take(...)", "instead": "raise OSError"},
            "try:\n                raise OSError\n            except",
        ),
        ({"symbol": "Reader.read", "find": "self._take(..., LIMIT)", "instead": "go()"}, "go()"),
    ],
)
def test_code_is_found_by_name_and_structure_and_changed(
    tree: Path, edit: dict[str, str], expected: str
) -> None:
    assert expected in changed(tree, **edit)


def test_a_symbol_is_found_in_whatever_module_it_stands(tree: Path) -> None:
    before = changed(tree, symbol="again", instead="pass")
    (tree / "services" / "deep").rename(tree / "services" / "elsewhere")
    moved = tree.rename(tree.with_name("moved"))
    assert changed(moved, symbol="again", instead="pass") == before


def test_of_two_modules_with_that_name_the_one_that_is_named_is_meant(tree: Path) -> None:
    (tree / "services" / "other.py").write_text("def again():\n    return 7\n")
    with pytest.raises(StopProgram, match=r"again is defined in .*reader\.py, .*other\.py; name the one"):
        changed(tree, symbol="again", instead="pass")
    assert changed(tree, symbol="other:again", instead="pass") == "def again():\n    pass"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"symbol": "gone", "instead": "pass"}, "gone is defined in no module"),
        ({"symbol": "again", "find": "log(3)", "instead": "pass"}, "0 times, not once"),
        ({"symbol": "again", "find": "log(...)", "instead": "pass"}, "2 times, not once"),
        ({"symbol": "again", "find": "this is no Python", "instead": "pass"}, "invalid syntax"),
        ({"symbol": "again", "find": "log(1)", "instead": "this is no Python"}, "invalid syntax"),
        ({"symbol": "again", "find": "log(1); log(2)", "instead": "pass"}, "not one statement"),
        ({"symbol": "LIMIT", "instead": "pass"}, "for a constant, set `instead`"),
    ],
)
def test_an_entry_that_does_not_fit_the_code_is_refused(
    tree: Path, edit: dict[str, str], message: str
) -> None:
    with pytest.raises(StopProgram, match=message):
        changed(tree, **edit)
