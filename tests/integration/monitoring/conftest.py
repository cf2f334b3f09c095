"""A plant that the tests of this folder look at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.pipeline.plant import Plant, running_plant
from tests.support.servers.servers import RabbitServer, running_redis


@pytest.fixture(scope="session")
def plant(rabbitmq: RabbitServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """Started once for all of them, with a Redis of its own."""
    with (
        running_redis({}) as store,
        running_plant(rabbitmq, store, tmp_path_factory.mktemp("plant")) as running,
    ):
        yield running
