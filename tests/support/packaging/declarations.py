"""What pyproject.toml declares for each kind of use, and which modules the packages of a declaration provide."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import packages_distributions
from typing import Any

from services.common.settings.settings import PROJECT_ROOT

BASE = "dependencies"
_NAME = re.compile(r"([\w.-]+)(?:\[([\w,-]+)\])?")


@cache
def _project() -> dict[str, Any]:
    return tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())


def kinds_of_use() -> tuple[str, ...]:
    """The base dependencies, the extras and the groups of the services."""
    project = _project()
    return (BASE, *project["project"]["optional-dependencies"], *project["dependency-groups"])


def own_requirements(use: str) -> list[str]:
    """The requirements that are written down for this kind of use itself."""
    project = _project()
    if use == BASE:
        return list(project["project"]["dependencies"])
    extras = project["project"]["optional-dependencies"]
    listed = extras[use] if use in extras else project["dependency-groups"][use]
    return [each for each in listed if isinstance(each, str) and not each.startswith("cryptoboy[")]


def declared(use: str) -> set[str]:
    """The distributions of a kind of use, in normal spelling, with those of the uses that it includes."""
    return {distribution_of(requirement) for each in included(use) for requirement in own_requirements(each)}


def included(use: str) -> set[str]:
    """The kinds of use whose requirements are installed for this one."""
    project = _project()["project"]["optional-dependencies"]
    groups = _project()["dependency-groups"]
    found = {use}
    if use in groups:
        others: Iterable[str] = (each["include-group"] for each in groups[use] if isinstance(each, dict))
    elif use == BASE:
        others = ()
    else:
        others = {BASE, *_extras_in(project[use])}
    for each in others:
        found |= included(each)
    return found


def _extras_in(requirements: Iterable[str]) -> Iterator[str]:
    for requirement in requirements:
        match = _NAME.match(requirement)
        if match is not None and match[1] == "cryptoboy":
            yield from match[2].split(",")


def distribution_of(requirement: str) -> str:
    """The name of the distribution in a requirement, in normal spelling."""
    match = _NAME.match(requirement)
    assert match is not None, requirement
    return re.sub(r"[-_.]+", "-", match[1]).lower()


@cache
def _providers() -> dict[str, frozenset[str]]:
    return {
        module: frozenset(map(distribution_of, distributions))
        for module, distributions in packages_distributions().items()
    }


def providers_of(module: str) -> frozenset[str]:
    """The installed distributions that contain a top-level module."""
    return _providers().get(module, frozenset())
