"""The cacher announces in the store which pairs are scored."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.common.clock import ManualClock
from services.common.errors import StopProgram, TryLater
from services.signal_cacher.announced import ANNOUNCE_SECONDS, Announced
from tests.support.pipeline.cacher_fakes import FakeStore

NOW = datetime(2026, 11, 29, 4, 0, tzinfo=UTC)


def announced(store: FakeStore) -> Announced:
    return Announced(store, ("BTC/USDT",), ManualClock(NOW))


def test_pairs_are_announced_with_those_that_were_taken_out_and_again_each_minute() -> None:
    store = FakeStore(told={"BTC/USDT": None, "SOL/USDT": None})
    one = announced(store)
    one.begin()
    one.announce(0.0)
    assert store.told == {"BTC/USDT": None, "SOL/USDT": NOW}
    store.told = None
    one.announce(ANNOUNCE_SECONDS - 1)
    assert store.told is None
    one.announce(ANNOUNCE_SECONDS)
    assert store.told == {"BTC/USDT": None, "SOL/USDT": NOW}


def test_a_store_that_is_away_gets_them_as_soon_as_it_is_back() -> None:
    store = FakeStore(failures=[TryLater("away")])
    one = announced(store)
    with pytest.raises(TryLater):
        one.announce(0.0)
    one.announce(1.0)
    assert store.told == {"BTC/USDT": None}


def test_a_redis_whose_rights_are_older_than_the_key_does_not_end_the_cacher() -> None:
    store = FakeStore(failures=[StopProgram("no permission"), StopProgram("no permission")])
    one = announced(store)
    one.begin()
    one.announce(0.0)
    assert store.told is None
