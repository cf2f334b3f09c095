from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from services.common.settings.folders import PROJECT_ROOT, configuration_folder, state_folder

HOME = {"HOME": "/home/ada"}


def test_a_checkout_keeps_its_configuration_itself_and_its_state_in_the_current_folder() -> None:
    environ = HOME | {"XDG_STATE_HOME": "/state", "XDG_CONFIG_HOME": "/configuration"}
    assert state_folder(environ, installed=False) == Path("var")
    assert configuration_folder(environ, installed=False) == PROJECT_ROOT


@pytest.mark.parametrize(
    ("environ", "state", "configuration"),
    [
        (HOME, "/home/ada/.local/state/cryptoboy", "/home/ada/.config/cryptoboy"),
        (
            HOME | {"XDG_STATE_HOME": "/state", "XDG_CONFIG_HOME": "/configuration"},
            "/state/cryptoboy",
            "/configuration/cryptoboy",
        ),
        (  # relative ones are to be ignored: they would be somewhere else in each folder
            HOME | {"XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "."},
            "/home/ada/.local/state/cryptoboy",
            "/home/ada/.config/cryptoboy",
        ),
    ],
)
def test_an_installed_wheel_keeps_both_in_the_folders_of_the_user(
    environ: dict[str, str], state: str, configuration: str
) -> None:
    assert state_folder(environ, installed=True) == Path(state)
    assert configuration_folder(environ, installed=True) == Path(configuration)


def test_a_program_without_home_uses_the_folder_in_the_list_of_users() -> None:
    listed = Path(pwd.getpwuid(os.geteuid()).pw_dir)
    assert state_folder({}, installed=True) == listed / ".local/state/cryptoboy"
    assert configuration_folder({"HOME": ""}, installed=True) == listed / ".config/cryptoboy"


def test_a_user_that_is_not_listed_keeps_the_state_in_the_current_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000_000)
    assert state_folder({}, installed=True) == Path("var")
    assert configuration_folder({}, installed=True) == PROJECT_ROOT
