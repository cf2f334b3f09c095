"""Selects the sentiment store that a process uses; no other module makes this choice."""

from __future__ import annotations

from services.common.settings.settings import Settings
from services.common.store.port import SentimentStore
from services.common.store.redis.store import RedisStore


def open_store(settings: Settings) -> SentimentStore:
    """Create the store that the settings name; it connects when it is first used.

    Embedded mode has no separate store class, because its Redis server uses the same protocol.

    Raises:
        StopProgram: a TLS file that the settings name cannot be used.
    """
    return RedisStore(settings)
