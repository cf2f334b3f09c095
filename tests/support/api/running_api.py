"""The API as it is served, in a thread of the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.api.service import ApiService
from services.common.clock import SystemClock
from services.common.settings.settings import Settings
from tests.support.waiting import PATIENCE_SECONDS


def api_settings(folder: Path, **variables: str) -> Settings:
    """Settings of an API on a free port with nothing beside it."""
    own = {"STATE_DIR": str(folder), "BROKER": "embedded", "REDIS_PORT": "1", "API_PORT": "0"}
    return Settings.load({**own, **variables})


@contextmanager
def running_api(settings: Settings) -> Iterator[str]:
    """Serve the API during the block, and yield its host and port."""
    stop = threading.Event()
    service = ApiService(settings, SystemClock())
    service.start()
    assert service._listener is not None
    host, port = service._listener.getsockname()[:2]
    thread = threading.Thread(target=service.run, args=(stop,))
    thread.start()
    try:
        yield f"{host}:{port}"
    finally:
        stop.set()
        thread.join(PATIENCE_SECONDS)
        service.close()
    assert not thread.is_alive()
