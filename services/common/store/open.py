"""The one place that decides which sentiment store a process uses."""

from __future__ import annotations

from services.common.settings.settings import Settings
from services.common.store.port import SentimentStore
from services.common.store.redis.store import RedisStore


def open_store(settings: Settings) -> SentimentStore:
    """The store that the settings name; connects when first used.

    Embedded mode has no store of its own: its Redis server speaks the same protocol.

    Raises:
        StopProgram: a file for TLS that the settings name cannot be used.
    """
    return RedisStore(settings)
