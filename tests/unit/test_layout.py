"""The layout of the code: small modules, short entry points, folders that can be looked through."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from services.common.services import SERVICES
from services.common.settings.settings import PROJECT_ROOT

MOST_LINES = 250
MOST_LINES_OF_AN_ENTRY_POINT = 79
MOST_MODULES = 14
LARGE_FOLDERS = {
    "services/cli",  # a file for each command
    "services/cli/views",  # a file for each command
    "services/common/settings",  # a file for each concern
    "services/api/routes",  # a file for each resource
    "scripts",  # a file for each script
    "services/replay_exchange",
    "user_data/strategies/cryptoboy_sentiment",
}
MODULES = sorted(
    path
    for folder in ("services", "devtools", "scripts", "user_data/strategies")
    for path in (PROJECT_ROOT / folder).rglob("*.py")
)
REPLAY_EXCHANGE = "services.replay_exchange.replay_exchange"


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT_ROOT).as_posix()


def test_no_module_is_longer_than_250_lines() -> None:
    lines = {name_of(path): len(path.read_text().splitlines()) for path in MODULES}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


@pytest.mark.parametrize("module", [*(each.module for each in SERVICES.values()), REPLAY_EXCHANGE])
def test_an_entry_point_is_shorter_than_80_lines(module: str) -> None:
    path = PROJECT_ROOT / f"{module.replace('.', '/')}.py"
    assert len(path.read_text().splitlines()) <= MOST_LINES_OF_AN_ENTRY_POINT


def test_no_folder_but_the_named_ones_has_more_than_14_modules() -> None:
    counts = Counter(name_of(path.parent) for path in MODULES if path.name != "__init__.py")
    large = {folder for folder, count in counts.items() if count > MOST_MODULES}
    assert large <= LARGE_FOLDERS


def test_nothing_appends_to_the_path_of_imports() -> None:
    """Packages are on the path before Python starts; scripts, which are started by their names, add the checkout."""
    modules = [path for path in MODULES if not name_of(path).startswith("scripts/")]
    assert [name_of(path) for path in modules if changes_the_path(path)] == []


def changes_the_path(path: Path) -> bool:
    calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return any(
        ast.unparse(call) in {"sys.path.append", "sys.path.insert", "sys.path.extend"} for call in calls
    )
