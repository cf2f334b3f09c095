"""The market streamer, which sends the closed candles of the configured pairs to the queue raw_market_data.

Start it with `python -m services.data_ingestor.market_streamer`.
"""

from __future__ import annotations

import sys

from services.common.clock import Clock
from services.common.runtime.runner import run_service
from services.common.settings.settings import Settings
from services.data_ingestor.market.streamer import NAME, MarketStreamer


def build(settings: Settings, clock: Clock) -> MarketStreamer:
    """Create the service with the broker that the settings name."""
    from services.common.broker.open import open_broker

    return MarketStreamer(settings, open_broker(settings, clock), clock)


def main() -> None:
    """Run the service until a signal ends it."""
    sys.exit(run_service(NAME, build))


if __name__ == "__main__":
    main()
