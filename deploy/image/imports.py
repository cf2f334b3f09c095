"""`python imports.py MODULE ...`: imports the modules, and all that their code may import later; done once at build.

An image of a service has no more than that service's packages. A module that is imported only on some days, such as
that of another scorer, would otherwise be found missing on such a day. As a side effect Python writes the bytecode of
just the modules that the service uses.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

OURS = ("services", "cryptoboy_sentiment")


def main(names: list[str]) -> None:
    """Import the modules `names` and, in turn, what each module of ours names in an import statement anywhere."""
    waiting, done = list(names), set[str]()
    while waiting:
        name = waiting.pop()
        if name in done:
            continue
        done.add(name)
        module = importlib.import_module(name)
        if name.split(".")[0] in OURS:
            waiting += _imported_by(module)


def _imported_by(module: ModuleType) -> Iterator[str]:
    for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from filter(_is_module, (f"{node.module}.{each.name}" for each in node.names))


def _is_module(name: str) -> bool:
    """Whether a name that is imported from a package of ours is a module of it, rather than a class or a value."""
    package = name.rpartition(".")[0]
    return (
        package.split(".")[0] in OURS
        and hasattr(importlib.import_module(package), "__path__")
        and importlib.util.find_spec(name) is not None
    )


if __name__ == "__main__":
    main(sys.argv[1:])
