from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.common.errors import StopProgram
from services.operations.secrets.api_keys import ApiKeys, Scope

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def test_a_key_is_found_by_its_whole_text_only(tmp_path: Path) -> None:
    keys = ApiKeys(tmp_path / "keys.json")
    text = keys.make("grafana", Scope.READ, NOW)
    found = keys.find(text)
    assert found is not None
    assert (found.name, found.scope) == ("grafana", Scope.READ)
    for wrong in ("", text[:-1], text.swapcase(), text + "a", " " + text, text + "\n"):
        assert keys.find(wrong) is None, wrong


def test_another_secret_with_the_id_of_a_key_is_no_key(tmp_path: Path) -> None:
    keys = ApiKeys(tmp_path / "keys.json")
    one, other = (keys.make(name, Scope.CONTROL, NOW) for name in ("one", "other"))
    assert keys.find(one[:12] + other[12:]) is None
    assert keys.find(one[:12] + "a" * 43) is None


def test_the_file_is_private_and_has_no_key(tmp_path: Path) -> None:
    path = tmp_path / "state" / "keys.json"
    text = ApiKeys(path).make("one", Scope.CONTROL, NOW)
    assert path.stat().st_mode & 0o777 == 0o600
    assert text.rpartition("_")[2] not in path.read_text()
    assert text[12:] not in path.read_text()
    assert "hash" not in ApiKeys(path).all()[0].as_json()


def test_another_process_s_change_counts_at_once(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    running, operator = ApiKeys(path), ApiKeys(path)
    text = operator.make("one", Scope.READ, NOW)
    assert running.find(text) is not None
    operator.revoke(text[3:11])
    assert running.find(text) is None
    assert running.all() == []


def test_keys_that_are_made_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    threads = [
        threading.Thread(target=lambda number=number: ApiKeys(path).make(f"k{number}", Scope.READ, NOW))
        for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ApiKeys(path).all()) == 20


@pytest.mark.parametrize("content", ["", "[]", '{"keys": [{}]}', '{"keys": 1}', "\xff"])
def test_a_damaged_file_is_reported_and_neither_read_nor_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(StopProgram, match=r"keys\.json"):
        ApiKeys(path).find("cb_00000000_" + "a" * 43)
    with pytest.raises(StopProgram):
        ApiKeys(path).make("one", Scope.READ, NOW)
    assert path.read_bytes() == content.encode("latin-1")


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    keys = ApiKeys(tmp_path / "keys.json")
    with pytest.raises(StopProgram, match="there is no key"):
        keys.revoke("00000000")
    for name in ("", "a" * 61, "new\nline", "<b>"):
        with pytest.raises(StopProgram, match="name of a key"):
            keys.make(name, Scope.READ, NOW)
