"""The streamer on a real RabbitMQ."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.common.settings.settings import Settings
from tests.support.broker.rabbitmq_management import Management
from tests.support.market.market_bench import MarketBench, play
from tests.support.waiting import until

BROKER_FIELDS = {name for name in Settings.model_fields if name == "broker" or name.startswith("rabbitmq_")}


@pytest.mark.integration
def test_candles_reach_the_queue_once_each_though_connections_are_cut(
    tmp_path: Path, rabbitmq_settings: Settings, management: Management
) -> None:
    async def scenario(one: MarketBench) -> None:
        await one.minutes_pass(2)
        await until(lambda: len(management.connections(rabbitmq_settings.rabbitmq_vhost)) == 2)
        for name in management.connections(rabbitmq_settings.rabbitmq_vhost):
            management.close_connection(name)
        await one.minutes_pass(3)
        assert one.bars() == list(range(19, 25))
        await until(lambda: one.health()["broker"].ok)

    changes = {name: getattr(rabbitmq_settings, name) for name in BROKER_FIELDS}
    play(tmp_path, scenario, **changes)
