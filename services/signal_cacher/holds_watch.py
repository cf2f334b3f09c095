"""Watches the record of the holds on entries, creates the record in a new store, and detects if a store has lost it.

A hold is a request that the strategy opens no trades. A store that was emptied, or restored to an older state, may
have lost holds. Such a store must not be mistaken for a new store, in which entries are allowed. So STATE_DIR records
which states of the holds this installation has seen (`seen_stores`), and the store itself records for other cachers
that it is not new (`trading:holds_id`).
"""

from __future__ import annotations

import structlog

from services.common.clock import Clock
from services.common.errors import StopProgram
from services.common.runtime.health import DependencyHealth
from services.common.settings.settings import BrokerKind, Settings
from services.common.store.holds import Holds, StoredHolds, new_id
from services.common.store.port import SentimentStore
from services.common.store.redis.eviction import eviction_problem
from services.signal_cacher.seen_stores import SeenStores

LOOK_SECONDS = 1.0
POLICY_SECONDS = 60.0
REFUSED_SECONDS = 60.0
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
RESUME = "to allow entries again: ./cryptoboy resume"

log = structlog.get_logger(__name__)


class HoldsWatch:
    """Checks the holds of one store at intervals. Not thread-safe."""

    def __init__(self, settings: Settings, store: SentimentStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._place = place_of(settings)
        self._ttl = settings.signal_cache_ttl
        self._seen = SeenStores(settings.state_dir)
        self._next_look = self._next_policy = float("-inf")
        self._holds = DependencyHealth(ok=False, detail="not asked yet", required=False)
        self._memory = DependencyHealth(ok=True, detail="not asked yet", required=False)

    def look(self, monotonic: float) -> None:
        """Check the holds if the interval since the last check has passed. Raises TryLater.

        The Redis user may lack the rights for the check, for example if Redis was set up before holds existed. A lack
        of rights is only logged and reported by /health. Signals are still cached, because signals close trades.
        """
        if monotonic >= self._next_look:
            self._next_look = monotonic + LOOK_SECONDS
            try:
                self._look_at_holds(self._store.holds)
            except StopProgram as error:
                self._next_look = monotonic + REFUSED_SECONDS
                self._say(f"the holds cannot be read or written: {error}")
        if monotonic >= self._next_policy:
            self._next_policy = monotonic + POLICY_SECONDS
            self._look_at_memory()

    def health(self) -> dict[str, DependencyHealth]:
        """Return the state of the holds and of Redis's memory policy at the last check."""
        return {"holds": self._holds, "redis_memory": self._memory}

    def _look_at_holds(self, holds: Holds) -> None:
        found, known = holds.read(), self._seen.of(self._place)
        if found.id is None:
            self._name(holds, found, known)
            found, known = holds.read(), self._seen.of(self._place)
        if found.id in known[:-1]:
            if found.are_kept:
                holds.refuse()
            problem = f"the store went back to an older state, in which holds may be missing; {RESUME}"
        else:
            if found.id is not None and (found.id not in known or self._seen.problem):
                self._seen.note(self._place, found.id)
            problem = "" if found.are_kept else self._why_not_kept()
        self._say(problem, ", ".join(found.owners))

    def _name(self, holds: Holds, found: StoredHolds, known: list[str]) -> None:
        """Give an id to holds that have none. The store is then new, or has lost the id or all its data."""
        if known or found.fields:
            holds.mark(known[-1] if known else new_id())
        elif not self._seen.problem:
            holds.begin(new_id(), self._clock.now())

    def _why_not_kept(self) -> str:
        if self._seen.problem and not self._seen.of(self._place):
            return f"it is not known whether the store is new ({self._seen.problem}); {RESUME}"
        return (
            "the store has lost the holds (trading:holds, or its field _kept): it was emptied, evicts keys, or was "
            f"restored to an older state; {RESUME}"
        )

    def _say(self, problem: str, owners: str = "") -> None:
        detail = f"entries are refused: {problem}" if problem else f"held by {owners}" if owners else "none"
        if detail != self._holds.detail:
            if problem:
                log.warning("entries_refused", reason=problem)
            elif self._holds.detail.startswith("entries are refused"):
                log.info("entries_not_refused_any_more")
        self._holds = DependencyHealth(ok=not problem, detail=detail, required=False)

    def _look_at_memory(self) -> None:
        policy = self._store.eviction_policy()
        problem = eviction_problem(policy, self._ttl)
        if problem and problem != self._memory.detail:
            log.warning("redis_may_lose_keys", reason=problem)
        # An unknown policy is shown, but is no fault: the cacher may use a Redis user without the right to ask.
        ok = problem is None or policy is None
        self._memory = DependencyHealth(ok=ok, detail=problem or f"maxmemory-policy {policy}", required=False)


def place_of(settings: Settings) -> str:
    """Return the name of a store in `seen_stores`, where an embedded Redis has a name of its own."""
    host = "localhost" if settings.redis_host in _LOOPBACK else settings.redis_host
    kind = " (embedded)" if settings.broker is BrokerKind.EMBEDDED else ""
    return f"{host}:{settings.redis_port}{kind}"
