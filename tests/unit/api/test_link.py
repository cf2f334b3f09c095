"""`python -m services.api.link` prints a link that the API of the same STATE_DIR accepts once."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.api import link
from services.common.secrets.links import PATH, use_link


@pytest.fixture
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def test_the_link_is_accepted_once(state_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert link.main() == 0
    address, _, token = capsys.readouterr().out.strip().partition(PATH)
    assert address == "http://127.0.0.1:8110"
    assert [use_link(state_dir, token), use_link(state_dir, token)] == [True, False]


def test_a_link_that_cannot_be_kept_is_not_printed(
    state_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state_dir.write_text("a file in the place of the folder")
    assert link.main() == 1
    said = capsys.readouterr()
    assert (said.out, "no link was made" in said.err) == ("", True)
