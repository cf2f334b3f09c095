"""What docs/operating.md says to type: its code blocks, and the commands within its sentences."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from services.common.settings.settings import PROJECT_ROOT

GUIDE = PROJECT_ROOT / "docs" / "operating.md"
TESTS = PROJECT_ROOT / "tests"
_PROGRAMS = "compose|docker|git|curl|ssh|systemctl|ollama|redis-cli|redis-check-aof|sqlite3|chmod|df|ss"
_COMMAND = re.compile(rf"(?:\./cryptoboy|(?:scripts|deploy)/[\w./]+\.(?:py|sh)|(?:{_PROGRAMS})(?= ))(?: .+)?")
_INLINE = re.compile(r"`([^`\n]+)`")
_BLOCK = re.compile(r"^(?:    .*\n?)+(?:\n+(?:    .*\n?)+)*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Typed:
    """Something that the guide says to type.

    Attributes:
        section: the heading above it.
        text: the lines of a code block without their indentation, or one command of a sentence.
    """

    section: str
    text: str

    @property
    def name(self) -> str:
        """How tests name it: its first line, without the comment on it."""
        return without_comment(self.text.splitlines()[0])


def without_comment(line: str) -> str:
    """A line of a block as it is typed."""
    return line.partition("   # ")[0].rstrip()


@cache
def everything_to_type() -> tuple[Typed, ...]:
    """The blocks and commands of the guide, each once, in order."""
    found: dict[str, Typed] = {}
    for section, text in _sections(GUIDE.read_text()):
        blocks = [match[0] for match in _BLOCK.finditer(text)]
        for block in blocks:
            lines = [line.removeprefix("    ").rstrip() for line in block.splitlines()]
            typed = Typed(section, "\n".join(lines).strip("\n"))
            found.setdefault(typed.name, typed)
        in_blocks = {line.strip() for block in blocks for line in map(without_comment, block.splitlines())}
        for command in _INLINE.findall(_BLOCK.sub("", text)):
            if _COMMAND.fullmatch(command) and command not in in_blocks:
                found.setdefault(command, Typed(section, command))
    return tuple(found.values())


def typed_blocks() -> list[str]:
    """The first lines of all code blocks, in order, repetitions included."""
    matches = _BLOCK.finditer(GUIDE.read_text())
    return [without_comment(match[0].splitlines()[0].strip()) for match in matches]


def _sections(page: str) -> Iterator[tuple[str, str]]:
    parts = re.split(r"^#+ (.+)$", page, flags=re.MULTILINE)
    return zip(parts[1::2], parts[2::2], strict=True)


def typed(name: str) -> str:
    """The text that the guide says to type, by its first line; the test fails if the guide does not say it any more.

    Call it with a literal: tests/unit/docs/test_guide_is_run.py looks for these calls.
    """
    texts = [each.text for each in everything_to_type() if each.name == name]
    assert len(texts) == 1, f"{GUIDE} does not say to type {name!r}"
    return texts[0]


@cache
def names_that_tests_run() -> frozenset[str]:
    """The literals with which tests call `typed`."""
    files = [path for path in sorted(TESTS.rglob("*.py")) if "typed(" in path.read_text()]
    return frozenset(name for path in files for name in _literals(path))


def _literals(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "typed":
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value
