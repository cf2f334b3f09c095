from __future__ import annotations

import threading

import pytest

from services.common.clock import ManualClock
from services.common.settings.settings import Settings
from services.signal_cacher.cacher import SignalCacher
from tests.support.pipeline.cacher_fakes import QUEUE, FakeBroker, FakeStore, FakeSubscription
from tests.support.store.store_samples import NOW


@pytest.mark.parametrize("prefetch", [1, 10, 300])
def test_a_cacher_takes_as_many_signals_ahead_as_the_settings_say(prefetch: int) -> None:
    broker = FakeBroker(FakeSubscription([], threading.Event()))
    cacher = SignalCacher(Settings(signal_prefetch=prefetch), broker, FakeStore(), ManualClock(NOW))
    cacher.start()
    assert broker.subscribed == [(QUEUE, prefetch)]
