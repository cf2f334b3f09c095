"""How the cacher looks after holds: begun on what is new, refused on what was lost, by any number of cachers."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog

from services.common.clock import ManualClock
from services.common.errors import StopProgram
from services.common.settings.settings import BrokerKind, Settings
from services.common.store.holds import Hold, StoredHolds
from services.common.store.keys import KEPT
from services.signal_cacher import holds_watch
from services.signal_cacher.holds_watch import HoldsWatch, place_of
from services.signal_cacher.seen_stores import FILE_NAME, SeenStores
from tests.support.pipeline.cacher_fakes import FakeHolds, FakeStore
from tests.support.store.store_samples import NOW


class Cacher:
    """One that is started anew for each look, on a store and a STATE_DIR."""

    def __init__(self, store: FakeStore, folder: Path) -> None:
        self.store, self.folder = store, folder

    def look(self, **settings: object) -> HoldsWatch:
        given = Settings.model_validate({"state_dir": self.folder, "redis_host": "redis", **settings})
        watch = HoldsWatch(given, self.store, ManualClock(NOW))
        watch.look(0.0)
        return watch

    @property
    def is_open(self) -> bool:
        holds = self.look().health()["holds"]
        assert holds.ok is (KEPT in self.store.holds.fields)
        assert holds.required is False
        return holds.ok


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def cacher(store: FakeStore, tmp_path: Path) -> Cacher:
    return Cacher(store, tmp_path / "a")


def empty(store: FakeStore) -> None:
    store.holds.fields, store.holds.id = {}, None


def test_a_new_store_is_open_at_once(cacher: Cacher) -> None:
    assert cacher.is_open


def test_a_store_that_was_emptied_stays_refused_until_the_operator_resumes(
    cacher: Cacher, store: FakeStore, tmp_path: Path
) -> None:
    assert cacher.is_open
    empty(store)
    assert not cacher.is_open
    assert not cacher.is_open
    assert not Cacher(store, tmp_path / "fresh").is_open
    store.holds.resume(["operator"], NOW)
    assert cacher.is_open
    assert cacher.is_open


def test_the_hash_alone_is_not_begun_again_by_a_cacher_that_never_saw_it(
    cacher: Cacher, store: FakeStore, tmp_path: Path
) -> None:
    assert cacher.is_open
    store.holds.fields.clear()
    assert not Cacher(store, tmp_path / "fresh").is_open
    assert not cacher.is_open


def test_a_store_put_back_to_before_a_pause_is_refused(cacher: Cacher, store: FakeStore) -> None:
    assert cacher.is_open
    backup = dict(store.holds.fields), store.holds.id
    store.holds.set(Hold("operator", "", NOW))
    assert cacher.is_open  # the holds are kept, and one of them is the operator's
    store.holds.fields, store.holds.id = backup
    assert not cacher.is_open
    detail = cacher.look().health()["holds"].detail
    assert "went back to an older state" in detail
    assert "./cryptoboy resume" in detail
    store.holds.resume(["operator"], NOW)
    assert cacher.is_open


def test_several_cachers_agree(cacher: Cacher, store: FakeStore, tmp_path: Path) -> None:
    other = Cacher(store, tmp_path / "b")
    assert cacher.is_open
    assert other.is_open
    store.holds.set(Hold("risk", "", NOW))
    store.holds.lift("risk")
    assert other.is_open
    assert cacher.is_open
    assert other.is_open


def test_another_store_is_another(cacher: Cacher, tmp_path: Path) -> None:
    assert cacher.is_open
    elsewhere = Cacher(FakeStore(), cacher.folder)
    elsewhere.look(redis_port=6380)
    assert KEPT in elsewhere.store.holds.fields


def test_the_same_machine_has_one_name_and_the_embedded_store_its_own() -> None:
    places = {place_of(Settings(redis_host=host)) for host in ("localhost", "127.0.0.1", "::1")}
    assert len(places) == 1
    assert place_of(Settings(broker=BrokerKind.EMBEDDED)) not in places


@pytest.mark.parametrize("content", [None, b"no json", b"[]", b'{"redis:6379": 7}', b"\xff"])
def test_without_a_memory_of_what_was_seen_nothing_is_taken_for_new(
    store: FakeStore, tmp_path: Path, content: bytes | None
) -> None:
    folder = tmp_path / "state"
    if content is None:
        folder.write_text("a file where the folder should be")
    else:
        folder.mkdir()
        (folder / "stores.json").write_bytes(content)
    cacher = Cacher(store, folder)
    assert not cacher.is_open
    assert "stores.json cannot be" in cacher.look().health()["holds"].detail
    store.holds.resume(["operator"], NOW)
    assert cacher.is_open
    if content is not None:
        assert (folder / "stores.json").read_bytes() == content


def test_without_the_rights_for_holds_signals_go_on_and_it_is_looked_again_later(
    store: FakeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> StoredHolds:
        raise StopProgram("it refuses us: NOPERM")

    watch = HoldsWatch(Settings(state_dir=tmp_path), store, ManualClock(NOW))
    with monkeypatch.context() as without_rights:
        without_rights.setattr(store.holds, "read", refuse)
        watch.look(0.0)
    assert "NOPERM" in watch.health()["holds"].detail
    assert watch.health()["redis_memory"].ok is True
    watch.look(1.0)
    assert watch.health()["holds"].ok is False
    watch.look(holds_watch.REFUSED_SECONDS)
    assert watch.health()["holds"].ok is True


def test_a_state_that_could_not_be_noted_is_noted_when_the_disk_takes_it(
    store: FakeStore, tmp_path: Path
) -> None:
    watch = HoldsWatch(Settings(state_dir=tmp_path), store, ManualClock(NOW))
    watch.look(0.0)
    file = tmp_path / FILE_NAME
    file.unlink()
    file.mkdir()
    store.holds.set(Hold("operator", "", NOW))
    watch.look(10.0)
    file.rmdir()
    watch.look(20.0)
    assert list(SeenStores(tmp_path).of(place_of(Settings())))[-1] == store.holds.id


def test_who_holds_entries_is_said_in_health(cacher: Cacher, store: FakeStore) -> None:
    assert cacher.look().health()["holds"].detail == "none"
    store.holds.set(Hold("risk", "", NOW))
    assert cacher.look().health()["holds"].detail == "held by risk"


def test_a_redis_that_throws_keys_away_is_warned_of_once_and_in_health(
    store: FakeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.policy = "allkeys-lru"
    with structlog.testing.capture_logs() as lines:
        monkeypatch.setattr(holds_watch, "log", structlog.get_logger())
        watch = HoldsWatch(Settings(state_dir=tmp_path), store, ManualClock(NOW))
        for minute in range(3):
            watch.look(minute * 60.0)
    (warning,) = [line for line in lines if line["event"] == "redis_may_lose_keys"]
    assert "noeviction" in warning["reason"]
    assert watch.health()["redis_memory"].ok is False
    store.policy = "noeviction"
    watch.look(600.0)
    assert watch.health()["redis_memory"].ok is True


def test_a_policy_that_is_not_known_is_said_and_no_fault(store: FakeStore, tmp_path: Path) -> None:
    store.policy = None
    watch = HoldsWatch(Settings(state_dir=tmp_path), store, ManualClock(NOW))
    watch.look(0.0)
    assert watch.health()["redis_memory"].ok is True
    assert "+info" in watch.health()["redis_memory"].detail


def test_the_fake_is_like_the_real_one() -> None:
    holds = FakeHolds()
    assert holds.begin("a", NOW) == "a"
    holds.refuse()
    assert holds.begin("b", NOW) is None
