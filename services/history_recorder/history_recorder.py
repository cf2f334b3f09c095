"""The service that records articles, results, signals, candles, holds and trades in the history.

Start it with `python -m services.history_recorder.history_recorder`.
"""

from __future__ import annotations

import sys

from services.common.clock import Clock
from services.common.runtime.runner import run_service
from services.common.settings.settings import Settings
from services.history_recorder.recorder import NAME, HistoryRecorder


def build(settings: Settings, clock: Clock) -> HistoryRecorder:
    """Build the service with the adapters that the settings name."""
    from services.common.broker.open import open_broker
    from services.common.history.open import open_reader
    from services.common.history.writing import open_history
    from services.common.store.open import open_store

    broker, store = open_broker(settings, clock), open_store(settings)
    history, reader = open_history(settings), open_reader(settings)
    return HistoryRecorder(settings, broker, history, store, clock, reader=reader)


def main() -> None:
    """Run the service until a signal of the operating system ends it."""
    sys.exit(run_service(NAME, build))


if __name__ == "__main__":
    main()
