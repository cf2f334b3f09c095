"""The API as its service serves it, in a thread of a test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from services.api.service import ApiService
from services.common.clock import Clock, SystemClock
from services.common.runtime.ports import free_port
from services.common.settings.settings import Settings


@contextmanager
def served(settings: Settings, clock: Clock | None = None) -> Iterator[str]:
    """Yield the address of a running API."""
    port = free_port()
    service = ApiService(settings.changed(api_port=port), clock or SystemClock())
    stop = threading.Event()
    service.start()
    thread = threading.Thread(target=service.run, args=(stop,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        stop.set()
        thread.join(30)
        service.close()


def port_of(address: str) -> int:
    """The port in the address of a running API."""
    return int(address.rpartition(":")[2])
