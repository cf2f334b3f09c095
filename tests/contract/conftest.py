"""Each contract test of a broker runs on every kind of broker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.common.broker.options import BrokerOptions
from tests.support.broker.broker_house import SHORT_RETRY_SECONDS, BrokerHouse


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.integration)])
def house(request: pytest.FixtureRequest) -> Iterator[BrokerHouse]:
    """A place for brokers, where a message set aside comes back soon."""
    settings = request.getfixturevalue(f"{request.param}_settings")
    place = BrokerHouse(settings, BrokerOptions(retry_delay=lambda _attempts: SHORT_RETRY_SECONDS))
    yield place
    place.close()
