"""The page of licences is current, and nothing is on it that our own licence does not allow."""

from __future__ import annotations

import pytest

from scripts.licences import APART, COMPATIBLE, PAGE, installed, locked, pinned, render, rows, spdx, terms


def test_the_page_is_what_the_command_makes() -> None:
    page = PAGE.read_text()
    assert page == render(locked(), installed(), page), "run scripts/licences.py"


def test_every_pinned_package_stands_on_the_page() -> None:
    assert {name: versions.split(", ") for name, (versions, _) in rows(PAGE.read_text()).items()} == pinned(
        locked()
    )


def test_every_licence_may_be_combined_with_ours() -> None:
    refused = {name for name, (_, licence) in rows(PAGE.read_text()).items() if terms(licence) - COMPATIBLE}
    assert refused == APART.keys()


@pytest.mark.parametrize("licence", ["UNKNOWN", "AGPL-3.0-only", "MIT AND GPL-2.0-only", "License"])
def test_a_licence_that_nobody_looked_at_is_refused(licence: str) -> None:
    assert terms(licence) - COMPATIBLE


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("MIT License", "MIT"),
        ("Apache Software License; MIT License", "Apache-2.0 AND MIT"),
        ("DFSG approved; MIT License", "MIT"),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", "MPL-2.0 AND (Apache-2.0 OR MIT)"),
    ],
)
def test_licences_are_told_in_spdx_names(said: str, name: str) -> None:
    assert spdx(said) == name


def test_a_package_that_is_new_in_the_lock_has_no_licence_until_it_is_known() -> None:
    assert "| new-one | 1.0 | UNKNOWN |" in render("New_One==1.0 \\\n    --hash=sha256:00\n", {}, "")


def test_a_package_of_another_system_keeps_its_row() -> None:
    before = render("other==1.0\n", {"other": "MIT"}, "")
    assert "| other | 1.1 | MIT |" in render("other==1.1\n", {}, before)
