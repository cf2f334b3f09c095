"""Which files keep real money from being traded, for others can read or replace them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.launch.live.files import file_findings, folder_findings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Which all may enter and only its owner may change, as a home folder often is."""
    tmp_path.chmod(0o755)
    return tmp_path


def env_file(folder: Path, text: str = "", mode: int = 0o600) -> dict[str, str]:
    path = folder / ".env"
    path.write_text(text)
    path.chmod(mode)
    return {"CRYPTOBOY_ENV_FILE": str(path)}


def texts(environ: dict[str, str]) -> str:
    return "\n".join(map(str, file_findings(environ)))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o601, 0o666])
def test_a_dot_env_with_any_right_of_others_is_a_fault(folder: Path, mode: int) -> None:
    told = texts(env_file(folder, mode=mode))
    assert f"mode {mode:04o}" in told
    assert f"chmod 600 {folder / '.env'}" in told


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_dot_env_for_its_owner_alone_is_none(folder: Path, mode: int) -> None:
    assert texts(env_file(folder, mode=mode)) == ""


def test_no_dot_env_is_none(folder: Path) -> None:
    assert texts({"CRYPTOBOY_ENV_FILE": ""}) == texts({"CRYPTOBOY_ENV_FILE": str(folder / "none")}) == ""


def test_a_link_is_followed_to_the_file_and_its_folder(folder: Path) -> None:
    (folder / "open").mkdir(mode=0o700)
    target = folder / "open" / "env"
    target.write_text("")
    target.chmod(0o644)
    (folder / ".env").symlink_to(target)
    environ = {"CRYPTOBOY_ENV_FILE": str(folder / ".env")}
    assert f"chmod 600 {target}" in texts(environ)
    target.chmod(0o600)
    assert texts(environ) == ""
    (folder / "open").chmod(0o777)
    assert "can be replaced by others" in texts(environ)


def test_a_folder_that_others_can_write_lets_them_replace_the_file(folder: Path) -> None:
    environ = env_file(folder)
    folder.chmod(0o775)
    assert f"chmod go-w {folder}" in texts(environ)
    folder.chmod(0o1777)
    assert texts(environ) == "", "where nobody may rename what is another's"


def test_a_folder_further_up_that_others_can_write_lets_them_replace_it_too(folder: Path) -> None:
    (folder / "a" / "b").mkdir(parents=True)
    environ = env_file(folder / "a" / "b")
    assert texts(environ) == ""
    folder.chmod(0o777)
    assert f"who own or may write {folder}" in texts(environ)


def test_secret_files_are_looked_at_wherever_they_are_named(folder: Path) -> None:
    secret, key = folder / "key", folder / "tls"
    for path in (secret, key):
        path.write_text("planted")
        path.chmod(0o644)
    environ = env_file(folder, f"EXCHANGE_KEY_FILE={secret}\n") | {"REDIS_KEY_FILE": str(key)}
    told = texts(environ)
    assert f"EXCHANGE_KEY_FILE={secret} can be read" in told
    assert f"REDIS_KEY_FILE={key} can be read" in told
    assert "planted" not in told


def test_a_secret_in_a_closed_folder_may_be_readable_as_those_of_secrets_init_are(folder: Path) -> None:
    closed = folder / "secrets"
    closed.mkdir(mode=0o700)
    (closed / "key").write_text("x")
    (closed / "key").chmod(0o444)
    environ = {"CRYPTOBOY_ENV_FILE": "", "BINANCE_API_KEY_FILE": str(closed / "key")}
    assert texts(environ) == ""
    closed.chmod(0o710)
    assert "BINANCE_API_KEY_FILE" in texts(environ)


def test_what_systemd_hands_over_is_not_looked_at(folder: Path) -> None:
    (folder / "key").write_text("x")
    (folder / "key").chmod(0o440)
    environ = {"CRYPTOBOY_ENV_FILE": "", "EXCHANGE_KEY_FILE": str(folder / "key")}
    assert texts(environ) != ""
    assert texts(environ | {"CREDENTIALS_DIRECTORY": str(folder)}) == ""


def test_a_file_of_another_user_is_a_fault(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = env_file(folder)
    if os.geteuid() == 0:
        os.chown(folder / ".env", 12345, 12345)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert "belongs to another user" in texts(environ)


def test_a_folder_above_the_state_that_others_can_write_lets_them_replace_freqtrades_configuration(
    folder: Path,
) -> None:
    state = folder / "shared" / "state"
    state.mkdir(parents=True)
    assert folder_findings(state) == []
    state.parent.chmod(0o777)
    (told,) = folder_findings(state)
    assert f"can be replaced by others, who own or may write {state.parent}" in str(told)
    (folder / "link").symlink_to(state)
    assert len(folder_findings(folder / "link")) == 1, "where it leads to"
    state.parent.chmod(0o1777)
    assert folder_findings(folder / "link") == []
