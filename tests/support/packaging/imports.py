"""Which third-party modules are imported by what a program reaches: through modules, or in a file."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path

import grimp

from services.common.settings.settings import PROJECT_ROOT

ROOTS = ("services", "devtools", "cryptoboy_sentiment")
OURS = {*ROOTS, "tests", "scripts", "LLMSentimentStrategy"}


@cache
def graph() -> grimp.ImportGraph:
    """All imports of our packages, those in functions too, but not those for type checkers only."""
    return grimp.build_graph(
        *ROOTS, include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None
    )


def below(package: str) -> set[str]:
    """A package and all its modules."""
    return {package, *graph().find_descendants(package)}


def reached_imports(
    entry_points: Iterable[str], *, without: Collection[tuple[str, str]] = (), at_start: bool = False
) -> dict[str, set[str]]:
    """The third-party modules that are imported by the modules that entry points reach, with their importers.

    Args:
        entry_points: modules that are run or imported by name.
        without: pairs of importer and imported top-level module that are not followed.
        at_start: follow only the imports that are executed when a module is imported.
    """
    found: dict[str, set[str]] = {}
    seen: set[str] = set()
    left = list(entry_points)
    while left:
        module = left.pop()
        if module in seen:
            continue
        seen.add(module)
        left += [".".join(module.split(".")[:n]) for n in range(1, module.count(".") + 1)]
        for imported in graph().find_modules_directly_imported_by(module):
            if (module, imported) in without or (at_start and not executed_at_start(module, imported)):
                continue
            if imported.split(".")[0] in ROOTS:
                left.append(imported)
            elif imported in graph().modules and imported not in sys.stdlib_module_names:
                found.setdefault(imported, set()).add(module)
    return found


def executed_at_start(importer: str, imported: str) -> bool:
    """Whether a module imports another outside of its functions."""
    lines = {each["line_number"] for each in graph().get_import_details(importer=importer, imported=imported)}
    return not lines <= _lines_in_functions(importer)


@cache
def _lines_in_functions(module: str) -> frozenset[int]:
    functions = (
        node
        for node in ast.walk(ast.parse(_file_of(module).read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
    return frozenset(
        line for node in functions for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    )


def _file_of(module: str) -> Path:
    folder = PROJECT_ROOT / ("user_data/strategies" if module.startswith("cryptoboy_sentiment") else ".")
    path = folder / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imports_of_files(paths: Iterable[Path]) -> dict[str, set[str]]:
    """The third-party top-level modules that files import, with the files; modules beside them are ours."""
    found: dict[str, set[str]] = {}
    for path in paths:
        for name in _imported_in(path):
            if name not in OURS | _modules_in(path.parent) and name not in sys.stdlib_module_names:
                found.setdefault(name, set()).add(path.relative_to(PROJECT_ROOT).as_posix())
    return found


@cache
def _modules_in(folder: Path) -> frozenset[str]:
    return frozenset(path.stem for path in folder.glob("*.py"))


def _imported_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]
