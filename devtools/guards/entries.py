"""Reads the list of the pipeline's guards from tests/chaos/guards.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.common.errors import StopProgram
from services.common.settings.settings import PROJECT_ROOT

FILE = PROJECT_ROOT / "tests" / "chaos" / "guards.toml"


class Edit(BaseModel):
    """A change of the code that removes a guard or a part of it; a comment in `guards.toml` explains the fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    symbol: Annotated[str, Field(min_length=1)]
    find: str | None = None
    first: str | None = None
    instead: str | None = None


class Guard(BaseModel):
    """A guard, the fault that it protects against, and the test that fails without it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    fault: str
    guard: str
    test: str
    edits: Annotated[tuple[Edit, ...], Field(min_length=1)]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    guard: Annotated[tuple[Guard, ...], Field(min_length=1)]


def load_guards(path: Path = FILE, only: Sequence[str] = ()) -> tuple[Guard, ...]:
    """The guards of the file, or only those that `only` names.

    Raises:
        StopProgram: the file has a mistake, or a named guard is not in it.
    """
    try:
        guards = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).guard
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise StopProgram(f"{path} cannot be used: {error}") from None
    names = [guard.name for guard in guards]
    if len(set(names)) != len(names):
        raise StopProgram(f"{path}: a name is there twice")
    if missing := set(only) - set(names):
        raise StopProgram(f"there is no guard {', '.join(sorted(missing))}; there are {', '.join(names)}")
    return tuple(guard for guard in guards if not only or guard.name in only)
