"""A Freqtrade with which the package is not tested is said once, with what to do."""

from __future__ import annotations

import logging
import re
from importlib.metadata import PackageNotFoundError

import pytest
from cryptoboy_sentiment import version

from services.common.settings.settings import PROJECT_ROOT


@pytest.mark.parametrize(
    "installed", ["2025.12", "2026.1", "2026.9", "2026.9.1", "2026.8-dev", "develop-1a2b", ""]
)
def test_nothing_is_said_of_a_tested_version_or_of_one_that_has_no_number(installed: str) -> None:
    assert version.describe_freqtrade(installed) == ""


@pytest.mark.parametrize(
    ("installed", "text"),
    [
        ("2025.11", "Freqtrade 2025.11 is older than 2025.12, .*: update Freqtrade$"),
        ("2024.12", "is older than 2025.12"),
        ("2026.10-dev", "is newer than 2026.9, .*: look for a newer CryptoBoy, and begin with a dry-run$"),
        ("2027.1", "is newer than 2026.9"),
    ],
)
def test_an_older_or_newer_one_is_said_with_what_to_do(
    installed: str, text: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(version, "version", lambda _name: installed)
    with caplog.at_level(logging.WARNING):
        version.warn_of_untested_freqtrade()
    (said,) = caplog.messages
    assert re.search(text, said)


def test_without_freqtrade_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(version, "version", missing)
    version.warn_of_untested_freqtrade()
    assert caplog.messages == []


def test_the_newest_tested_version_is_the_one_that_this_project_installs() -> None:
    (pinned,) = set(
        re.findall(r'freqtrade(?:\[hyperopt\])?==([\d.]+)"', (PROJECT_ROOT / "pyproject.toml").read_text())
    )
    assert pinned == ".".join(map(str, version.NEWEST_FREQTRADE))
