"""What `cryptoboy doctor` asks the store besides: is anything thrown away, may the bot open trades?"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from services.common.errors import StopProgram
from services.common.runtime.ports import is_free
from services.common.settings.settings import BrokerKind, Settings
from services.common.store.port import SentimentStore
from services.common.store.redis.eviction import eviction_problem
from services.operations.holds import read_entries

NOT_RUNNING = "the embedded Redis is not running"


def redis_memory(settings: Settings) -> str:
    """Raises StopProgram: Redis throws keys away when it is full, or does not say."""

    def ask(store: SentimentStore) -> str:
        policy = store.eviction_policy()
        if problem := eviction_problem(policy, settings.signal_cache_ttl):
            raise StopProgram(problem)
        return f"maxmemory-policy {policy}: nothing is thrown away"

    return _asked(settings, ask)


def entries_allowed(settings: Settings) -> str:
    """Raises StopProgram: new entries are refused; says by whom, since and until when, and why."""

    def ask(store: SentimentStore) -> str:
        entries = read_entries(store)
        if entries.why:
            raise StopProgram(f"new entries are refused: {entries.why}")
        return "new entries are allowed"

    return _asked(settings, ask)


def _asked(settings: Settings, ask: Callable[[SentimentStore], str]) -> str:
    from services.common.store.open import open_store

    if settings.broker is BrokerKind.EMBEDDED and is_free(settings.redis_port):
        return NOT_RUNNING
    with closing(open_store(settings)) as store:
        return ask(store)
