from __future__ import annotations

from pathlib import Path

import pytest

from devtools.guards.entries import Guard, load_guards
from devtools.guards.removal import without_guard
from services.common.errors import StopProgram
from services.common.settings.settings import PROJECT_ROOT


@pytest.mark.parametrize("guard", load_guards(), ids=lambda guard: guard.name)
def test_every_entry_fits_the_code_and_its_test_is_there(guard: Guard) -> None:
    assert without_guard(PROJECT_ROOT, guard)
    path, _, test = guard.test.partition("::")
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
