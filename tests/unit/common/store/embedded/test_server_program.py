from __future__ import annotations

import os
import subprocess

import pytest

from services.common.errors import StopProgram
from services.common.store.embedded import process


def test_the_package_brings_a_server_that_runs_here() -> None:
    program = process.server_program()
    assert os.access(program, os.X_OK)
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    assert said.startswith("Valkey server v=")


@pytest.mark.parametrize("package", ["no-such-package", "redis"])
def test_where_there_is_no_server_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setattr(process, "_PACKAGE", package)
    with pytest.raises(StopProgram, match=r"install requirements/up\.lock"):
        process.server_program()
