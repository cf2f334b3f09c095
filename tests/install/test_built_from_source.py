"""A package that has a reason to be built is built, whichever installer is at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.deploy.first_install import REAL_UV, Checkout, as_source


@pytest.mark.parametrize("uv", [f'exec "{REAL_UV}" "$@"', "exit 2"], ids=["uv", "pip"])
def test_with_a_reason_it_is_built(tmp_path: Path, uv: str) -> None:
    mark = tmp_path / "its code has run"
    checkout = Checkout(tmp_path, uv=uv)
    as_source(checkout, mark)
    sources = checkout.root / "services/cli/bootstrap/sources.py"
    text = sources.read_text()
    sources.write_text(
        text.replace("FROM_SOURCE = {", 'FROM_SOURCE = {"tiny": SourceDistribution("a test"),')
    )
    done = checkout.run("--help")
    assert done.returncode == 0, done.stderr
    assert mark.exists()
