"""The service that writes scored news from sentiment_signals_queue to the sentiment store.

Start it with `python -m services.signal_cacher.signal_cacher`.
"""

from __future__ import annotations

import sys

from services.common.clock import Clock
from services.common.runtime.runner import run_service
from services.common.settings.settings import Settings
from services.signal_cacher.cacher import NAME, SignalCacher


def build(settings: Settings, clock: Clock) -> SignalCacher:
    """Build the service with the adapters that the settings name."""
    from services.common.broker.open import open_broker
    from services.common.store.open import open_store

    return SignalCacher(settings, open_broker(settings, clock), open_store(settings), clock)


def main() -> None:
    """Run the service until a signal of the operating system ends it."""
    sys.exit(run_service(NAME, build))


if __name__ == "__main__":
    main()
