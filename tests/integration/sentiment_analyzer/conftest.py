from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ollama_server


@pytest.fixture(scope="session")
def ollama_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small real model behind Ollama's protocol."""
    log = tmp_path_factory.mktemp("ollama") / "log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, str(Path(ollama_server.__file__))],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            assert url, f"the model server did not start:\n{log.read_text(errors='replace')[-2000:]}"
            yield url
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
