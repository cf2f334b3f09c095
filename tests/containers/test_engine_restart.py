"""The engine is stopped and started, as by an upgrade of Docker or a reboot. Leaves production as it was."""

from __future__ import annotations

import pytest

from tests.support.containers.news import next_signal, no_dead_letters
from tests.support.containers.own_engine import OwnEngine
from tests.support.containers.stack import SERVICES, Stack


@pytest.fixture(scope="module")
def restarted(production: Stack, own_engine: OwnEngine) -> Stack:
    """Production after the engine was away, healthy."""
    own_engine.stop()
    own_engine.start()
    production.wait_healthy(240)
    return production


def test_everything_comes_back_by_itself(restarted: Stack) -> None:
    assert restarted.unhealthy() == {}
    assert set(SERVICES) <= restarted.running().keys()


def test_news_goes_on(restarted: Stack) -> None:
    next_signal(restarted)


def test_nothing_is_dead_lettered(restarted: Stack) -> None:
    assert no_dead_letters(restarted)
