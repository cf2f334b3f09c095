"""Removes a guard from the code; the guard is found by its syntax tree, not by its text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from devtools.guards.entries import Edit, Guard
from devtools.guards.symbols import Symbol, path_of, symbol_in
from services.common.errors import StopProgram

_NO_STRUCTURE = {"ctx", "type_comment", "kind"}


def without_guard(root: Path, guard: Guard) -> dict[Path, str]:
    """The text without the guard of each module that contains the guard, by the module's path in the tree `root`.

    Raises:
        StopProgram: an entry of the file does not fit the code.
    """
    trees: dict[Path, ast.Module] = {}
    for edit in guard.edits:
        path = path_of(root, edit.symbol)
        tree = trees.setdefault(path, ast.parse(path.read_text(encoding="utf-8")))
        try:
            _change(symbol_in(tree, edit.symbol), edit)
        except (ValueError, SyntaxError) as error:
            raise StopProgram(
                f"{guard.name}: {edit.symbol} in {path.relative_to(root)}: {error}; change tests/chaos/guards.toml"
            ) from None
    return {path: ast.unparse(ast.fix_missing_locations(tree)) for path, tree in trees.items()}


def _change(symbol: Symbol, edit: Edit) -> None:
    """Change the definition in place. Raises ValueError or SyntaxError if the entry does not fit the definition."""
    first = ast.parse(edit.first or "").body
    instead = None if edit.instead is None else ast.parse(edit.instead).body or [ast.Pass()]
    if isinstance(symbol, ast.Assign | ast.AnnAssign):
        symbol.value = _only_expression(instead)
    elif edit.find is None:
        symbol.body = [*first, *(symbol.body if instead is None else instead)]
    else:
        _Replacement(_pattern(edit.find), first, instead).replace_in(symbol)


def _only_expression(statements: list[ast.stmt] | None) -> ast.expr:
    match statements:
        case [ast.Expr(value=value)]:
            return value
    raise ValueError("for a constant, set `instead` to the value that the constant has without the guard")


def _pattern(find: str) -> ast.AST:
    match ast.parse(find).body:
        case [ast.Expr(value=value)]:
            return value
        case [statement]:
            return statement
    raise ValueError(f"`find` is not one statement or expression: {find}")


class _Replacement(ast.NodeTransformer):
    """Replaces the code that matches a pattern.

    Only the matching expression is replaced if pattern and `instead` are expressions and `first` is empty. Otherwise
    the whole statement that contains the match is replaced, by `first` and then `instead`; if `instead` is None, the
    statement remains, with `first` before it.
    """

    def __init__(self, pattern: ast.AST, first: list[ast.stmt], instead: list[ast.stmt] | None) -> None:
        self._pattern = pattern
        self._first = first
        self._instead = instead
        match instead:
            case [ast.Expr(value=value)] if isinstance(pattern, ast.expr) and not first:
                self._value: ast.expr | None = value
            case _:
                self._value = None

    def replace_in(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Replace the match in this function. Raises ValueError unless the pattern matches exactly once."""
        count = sum(_matches(self._pattern, node) for each in function.body for node in ast.walk(each))
        if count != 1:
            raise ValueError(f"has this {count} times, not once: {ast.unparse(self._pattern)}")
        self.generic_visit(function)

    def visit(self, node: ast.AST) -> ast.AST | list[ast.stmt]:
        """The replacement of a node, or the node itself if the pattern does not match it."""
        if self._value is not None:
            return self._value if _matches(self._pattern, node) else self.generic_visit(node)
        if isinstance(node, ast.stmt) and any(_matches(self._pattern, each) for each in _own_nodes(node)):
            return [*self._first, *([node] if self._instead is None else self._instead)]
        return self.generic_visit(node)


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a statement and its expressions, but not the statements inside it."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.stmt):
            yield from _own_nodes(child)


def _matches(pattern: object, node: object) -> bool:
    """Whether two syntax trees are equal; `...` in the pattern stands for any code."""
    match pattern:
        case ast.Constant(value=value) if value is ...:
            return True
        case ast.Call(func=function, args=[ast.Constant(value=value)], keywords=[]) if value is ...:
            return isinstance(node, ast.Call) and _matches(function, node.func)
        case ast.AST():
            return type(pattern) is type(node) and all(
                _matches(getattr(pattern, name, None), getattr(node, name, None))
                for name in pattern._fields
                if name not in _NO_STRUCTURE
            )
        case list():
            return isinstance(node, list) and len(pattern) == len(node) and all(map(_matches, pattern, node))
    return pattern == node
