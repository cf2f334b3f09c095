"""The service that answers over HTTP what the system knows and does.

Start it with `python -m services.api.api`.
"""

from __future__ import annotations

import sys

from services.common.clock import Clock
from services.common.runtime.runner import Service, run_service
from services.common.settings.settings import Settings

NAME = "api"


def build(settings: Settings, clock: Clock) -> Service:
    """Build the service with the adapters that the settings name."""
    from services.api.service import ApiService

    return ApiService(settings, clock)


def main() -> None:
    """Run the service until a signal of the operating system ends it."""
    sys.exit(run_service(NAME, build, serves_health=True))


if __name__ == "__main__":
    main()
