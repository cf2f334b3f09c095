"""What only the embedded Redis promises of holds; the rest is in tests/contract, a full disk in tests/chaos."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from services.common.store.embedded.access import data_folder
from services.common.store.holds import OPERATOR, Hold, Holds
from services.common.store.open import open_store
from tests.support.store.embedded_redis import by_port, embedded_redis
from tests.support.store.store_samples import NOW

CHANGES: dict[str, Callable[[Holds], object]] = {
    "set": lambda holds: holds.set(Hold(OPERATOR, "lunch", NOW)),
    "lift": lambda holds: holds.lift(OPERATOR),
    "resume": lambda holds: holds.resume([OPERATOR], NOW),
    "begin": lambda holds: holds.begin("an id", NOW),
    "mark": lambda holds: holds.mark("an id"),
    "refuse": lambda holds: holds.refuse(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_holds_is_synced_to_the_disk_before_its_call_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    synced: list[tuple[Path, int]] = []

    def sync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append((path, path.stat().st_size))

    with embedded_redis(tmp_path) as server, closing(open_store(server.settings)) as store:
        store.holds.begin("another id", NOW)
        (file,) = data_folder(tmp_path).glob("appendonlydir/*.incr.aof")
        monkeypatch.setattr("os.fsync", sync)
        CHANGES[change](store.holds)
        assert synced == [(file, file.stat().st_size)]


def test_who_comes_by_the_port_has_no_business_with_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with embedded_redis(tmp_path) as server, closing(open_store(by_port(server))) as store:
        monkeypatch.delattr("os.fsync")
        store.holds.set(Hold(OPERATOR, "lunch", NOW))
        assert store.holds.read().owners == (OPERATOR,)
