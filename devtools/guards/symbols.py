"""Finds functions, methods and constants by name in all modules."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from services.common.errors import StopProgram

FOLDERS = ("services", "user_data/strategies")

Symbol = ast.FunctionDef | ast.AsyncFunctionDef | ast.Assign | ast.AnnAssign


def path_of(root: Path, symbol: str) -> Path:
    """The file that defines a symbol.

    Args:
        root: the folder of the source tree.
        symbol: `function`, `Class.method` or `CONSTANT`; `module:name` if several modules define that name. The
            end of the module's dotted name is enough.

    Raises:
        StopProgram: no module defines the symbol, or several modules do.
    """
    module, _, name = symbol.rpartition(":")
    paths = [path for path in _definitions(root).get(name, ()) if _is_named(path, module)]
    if len(paths) != 1:
        places = ", ".join(str(path.relative_to(root)) for path in paths) or "no module"
        raise StopProgram(
            f"{symbol} is defined in {places}; name the one that is meant, as module:name, in tests/chaos/guards.toml"
        )
    return paths[0]


def symbol_in(tree: ast.Module, symbol: str) -> Symbol:
    """The definition of the symbol in this module. Raises KeyError if the module does not define it."""
    return dict(_symbols(tree.body))[symbol.rpartition(":")[2]]


def _is_named(path: Path, module: str) -> bool:
    return f".{'.'.join(path.with_suffix('').parts)}".endswith(f".{module}" if module else "")


@cache
def _definitions(root: Path) -> dict[str, list[Path]]:
    found = defaultdict(list)
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            for name in dict(_symbols(ast.parse(path.read_text(encoding="utf-8")).body)):
                found[name].append(path)
    return found


def _symbols(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Symbol]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _symbols(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{node.name}", node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name):
                yield f"{prefix}{target.id}", node
