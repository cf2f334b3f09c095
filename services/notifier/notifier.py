"""The service that tells what matters, and answers questions in Telegram.

Start it with `python -m services.notifier.notifier`.
"""

from __future__ import annotations

import os
import sys

from services.common.clock import Clock
from services.common.runtime.runner import run_service
from services.common.secrets.telegram_tokens import refuse_shared_bot
from services.common.services import NOTIFIER
from services.common.settings.settings import Settings
from services.notifier.service import Notifier


def build(settings: Settings, clock: Clock) -> Notifier:
    """Build the service with the adapters that the settings name."""
    from services.common.history.open import open_reader
    from services.common.history.writing import open_notifier_log
    from services.common.store.open import open_store

    return Notifier(
        settings,
        clock,
        reader=open_reader(settings),
        store=open_store(settings),
        notices=open_notifier_log(settings),
    )


def main() -> None:
    """Run the service until a signal of the operating system ends it."""
    os.environ.setdefault(
        "PTB_TIMEDELTA", "true"
    )  # before any thread runs: notifier/telegram/connection/client.py
    sys.exit(run_service(NOTIFIER, build, check=refuse_shared_bot))


if __name__ == "__main__":
    main()
