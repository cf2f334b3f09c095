"""The version stands in services/__init__.py; every other place that names it says the same."""

from __future__ import annotations

import re
import tomllib

from cryptoboy_sentiment.version import VERSION

from services import __version__
from services.common.settings.settings import PROJECT_ROOT, Settings

_NUMBER = r"(\d+\.\d+(?:\.\d+)*)"
NAMED = re.compile(
    rf"cryptoboy[a-z$-]*[:=/ ]v?{_NUMBER}|CRYPTOBOY_VERSION:-{_NUMBER}|newTag: {_NUMBER}|^VERSION = \"{_NUMBER}\"",
    re.IGNORECASE | re.MULTILINE,
)
FOLDERS = ("deploy", "devtools", "docs", "scripts", "services", "user_data/strategies")
OF_OTHERS = {".lock", ".feather", ".csv", ".pyc"}
HISTORY = {"CHANGELOG.md", "services/common/store/embedded/snapshot.py"}
"""What tells of former versions."""


def texts() -> dict[str, str]:
    files = [path for path in PROJECT_ROOT.iterdir() if path.is_file() and path.name != ".env"]
    files += [path for folder in FOLDERS for path in (PROJECT_ROOT / folder).rglob("*") if path.is_file()]
    return {
        name: path.read_text(errors="replace")
        for path in files
        if path.suffix not in OF_OTHERS and (name := path.relative_to(PROJECT_ROOT).as_posix()) not in HISTORY
    }


def test_every_place_that_names_the_version_says_the_same() -> None:
    named = {
        (name, next(filter(None, found.groups())))
        for name, text in texts().items()
        for found in NAMED.finditer(text)
    }
    assert (
        len({name for name, _ in named}) > 8
    )  # images of Compose and Kubernetes, guides, the strategy's package
    assert {(name, version) for name, version in named if version != __version__} == set()


def test_no_file_names_the_version_in_a_way_that_the_check_above_does_not_find() -> None:
    number = re.compile(rf"(?<![\d.]){re.escape(__version__)}(?![\d.]*\d)")
    unseen = {
        name: line
        for name, text in texts().items()
        for line in text.splitlines()
        if number.search(NAMED.sub("", line)) and name != "services/__init__.py"
    }
    assert unseen == {}


def test_the_packages_version_and_what_services_say_of_themselves_derive_from_it() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["hatch"]["version"]["path"] == "services/__init__.py"
    assert Settings().news_user_agent.startswith(f"CryptoBoy/{__version__} ")
    assert __version__ == VERSION
