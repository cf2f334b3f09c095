"""Each contract test of a broker runs on every kind of broker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from services.common.broker.options import BrokerOptions
from services.common.broker.topology import MARKET_CANDLE, NEWS_ARTICLE, QUEUES, Queue, QueueKind
from tests.support.broker.broker_house import SHORT_RETRY_SECONDS, BrokerHouse

SECOND_READER = Queue("second_reader", (NEWS_ARTICLE,), QueueKind.QUORUM, retried=True)
"""Bound to the routing key of raw_news_data as well."""
LAST_FEW = Queue("last_few", (NEWS_ARTICLE, MARKET_CANDLE), QueueKind.QUORUM, retried=False, ttl_seconds=None)
"""Takes whatever comes and drops its oldest."""


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.integration)])
def house(request: pytest.FixtureRequest) -> Iterator[BrokerHouse]:
    """A place for brokers, where a message set aside comes back soon."""
    settings = request.getfixturevalue(f"{request.param}_settings")
    place = BrokerHouse(settings, BrokerOptions(retry_delay=lambda _attempts: SHORT_RETRY_SECONDS))
    yield place
    place.close()


@pytest.fixture
def shared_house(house: BrokerHouse) -> BrokerHouse:
    """A house in which several queues are bound to the routing key of news."""
    house.options = replace(house.options, queues=(*QUEUES, SECOND_READER, LAST_FEW))
    return house
