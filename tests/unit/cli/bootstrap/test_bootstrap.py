from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from services.cli.bootstrap.advice import InstallError, is_full_disk, refuse_unusable
from services.cli.bootstrap.installers import installer_environment


@pytest.mark.parametrize(
    "name",
    [
        "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_PROXY", "PIP_CERT", "PIP_CONFIG_FILE",
        "UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_INTERN_PASSWORD", "UV_HTTP_TIMEOUT", "UV_NATIVE_TLS",
        "HTTPS_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PATH",
    ],
)  # fmt: skip
def test_installers_see_how_packages_are_reached(name: str) -> None:
    assert installer_environment({name: "x"})[name] == "x"


@pytest.mark.parametrize(
    "name",
    [
        "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_CONSTRAINT", "PIP_DRY_RUN",
        "PIP_NO_DEPS", "PIP_PLATFORM", "PIP_PYTHON", "UV_TARGET", "UV_SYSTEM_PYTHON", "UV_PYTHON", "UV_NO_BINARY",
        "UV_CONSTRAINT", "UV_EXCLUDE_NEWER",
    ],
)  # fmt: skip
def test_installers_see_nothing_that_says_where_or_what_to_install(name: str) -> None:
    assert name not in installer_environment({name: "x"})


def test_what_a_configuration_file_may_ask_for_is_overruled() -> None:
    environ = installer_environment(
        {"PIP_USER": "1", "PIP_REQUIRE_VIRTUALENV": "1", "PIP_NO_BINARY": ":all:"}
    )
    assert (environ["PIP_USER"], environ["PIP_REQUIRE_VIRTUALENV"]) == ("0", "0")
    assert (environ["PIP_NO_BINARY"], environ["PIP_ONLY_BINARY"]) == (":none:", ":none:")


def test_a_folder_that_cannot_be_written_to_is_refused_with_the_command_that_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "my cache"))
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) == tmp_path)
    (tmp_path / "checkout").mkdir()
    with pytest.raises(InstallError) as refused:
        refuse_unusable(tmp_path / "checkout/.venv", again="/checkout/cryptoboy demo")
    assert f"CRYPTOBOY_VENV='{tmp_path}/my cache/cryptoboy-venv' /checkout/cryptoboy demo" in str(
        refused.value
    )


def test_a_file_system_without_execution_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _path: type("Flags", (), {"f_flag": os.ST_NOEXEC}))
    with pytest.raises(InstallError, match="noexec"):
        refuse_unusable(tmp_path / ".venv", again="./cryptoboy")


def test_a_quota_counts_as_a_full_disk() -> None:
    assert is_full_disk(OSError(errno.EDQUOT, "x"))
    assert not is_full_disk(OSError(errno.EACCES, "x"))
