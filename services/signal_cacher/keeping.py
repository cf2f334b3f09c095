"""Looks after the holds on entries: begins them on a new store, and notices when a store has lost them.

A store that was emptied, or put back to an older state, has forgotten who wanted no entries. It must not look like a
new one, on which entries are open: what this installation has seen of it stands in STATE_DIR (`seen_stores`), and that
it is not new in the store itself (`trading:holds_id`), for other cachers.
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
RESUME = "when nothing is to keep the bot from trading: ./cryptoboy resume"

log = structlog.get_logger(__name__)


class HoldsKeeper:
    """One thread calls it."""

    def __init__(self, settings: Settings, store: SentimentStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._place = place_of(settings)
        self._ttl = settings.signal_cache_ttl
        self._seen = SeenStores(settings.state_dir)
        self._next_look = self._next_policy = float("-inf")
        self._holds = DependencyHealth(ok=False, detail="not asked yet", required=False)
        self._memory = DependencyHealth(ok=True, detail="not asked yet", required=False)

    def look(self, monotonic: float) -> None:
        """See what has become of the holds if it is time to. Raises TryLater.

        Without the rights for that, which a Redis may have had before there were holds, signals go on all the same:
        trades are closed by them.
        """
        if monotonic >= self._next_look:
            self._next_look = monotonic + LOOK_SECONDS
            try:
                self._look_at_holds(self._store.holds)
            except StopProgram as error:
                self._next_look = monotonic + REFUSED_SECONDS
                self._say(f"the holds cannot be looked after: {error}")
        if monotonic >= self._next_policy:
            self._next_policy = monotonic + POLICY_SECONDS
            self._look_at_memory()

    def health(self) -> dict[str, DependencyHealth]:
        """As they were when last looked at."""
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
        """Give the holds an id: they have none, because the store is new, or has lost the id or everything."""
        if known or found.fields:
            holds.mark(known[-1] if known else new_id())
        elif not self._seen.problem:
            holds.begin(new_id(), self._clock.now())

    def _why_not_kept(self) -> str:
        if self._seen.problem and not self._seen.of(self._place):
            return f"whether the store is new cannot be told ({self._seen.problem}); {RESUME}"
        return (
            "the store has lost the holds (trading:holds, or its field _kept): it was emptied, throws keys away, or "
            f"was put back; {RESUME}"
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
        # What is not known is said and is no fault: the cacher may have an older user.
        ok = problem is None or policy is None
        self._memory = DependencyHealth(ok=ok, detail=problem or f"maxmemory-policy {policy}", required=False)


def place_of(settings: Settings) -> str:
    """By what a store is known here. The embedded one is another than a Redis that takes its port later."""
    host = "localhost" if settings.redis_host in _LOOPBACK else settings.redis_host
    kind = " (embedded)" if settings.broker is BrokerKind.EMBEDDED else ""
    return f"{host}:{settings.redis_port}{kind}"
