"""The production system is installed as the guide says, and works."""

from __future__ import annotations

from tests.support.containers.stack import Stack


def test_every_container_comes_up_healthy(production: Stack) -> None:
    assert production.unhealthy() == {}
    assert len(production.containers()) >= 12
