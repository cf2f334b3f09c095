"""Implements the sentiment store on Redis.

For the keys and their content see `keys`; for the rules of writing see `write_signals.lua`.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar, cast

import redis
import structlog

from services.common.clock import CLOCKS_DIFFER, from_ms, to_ms
from services.common.errors import CryptoBoyError, StopProgram, TryLater
from services.common.messages import SentimentSignal
from services.common.runtime.health import DependencyHealth
from services.common.scored_pairs import ScoredPairs, as_text, of_text
from services.common.settings.settings import Settings
from services.common.store import keys
from services.common.store.embedded.access import data_of
from services.common.store.embedded.disk import is_written
from services.common.store.holds import Holds
from services.common.store.port import StoredSignals, WriteOutcome
from services.common.store.redis.client import address_of, redis_client
from services.common.store.redis.errors import (
    UNKNOWN_COMMAND,
    code_of,
    explain_unknown_command,
    is_not_the_primary,
    reaction_to,
)
from services.common.store.redis.holds import RedisHolds
from services.common.store.redis.reading import signal_of, signals_from

log = structlog.get_logger(__name__)

SCRIPT = (Path(__file__).parent / "write_signals.lua").read_text()
SCRIPT_SHA = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
HISTORY_LENGTH = 100
SIGNALS_PER_CALL = 500
"""Maximum number of signals per call of the script.

This limits the script's Lua stack, and the time (about 5 ms) during which Redis does not answer other clients.
"""

LONGEST_DECISION = timedelta(hours=1)
"""Maximum time from a candle's close until a bot has decided on the candle.

Signals that were fresh at the close are kept for this time."""

_OUTCOMES = {"N": WriteOutcome.NEWEST, "K": WriteOutcome.KEPT, "D": WriteOutcome.DUPLICATE}
T = TypeVar("T")
_Call = tuple[str, list[int], list[str]]
"""One call of the script: the pair, the positions of its signals among those to write, and the script's arguments."""


class RedisStore:
    """Implements `port.SentimentStore`. For how long a call waits see `redis_client`."""

    def __init__(self, settings: Settings) -> None:
        self._address = address_of(settings)
        self._staleness = timedelta(hours=settings.sentiment_staleness_hours)
        self._window = max(timedelta(hours=settings.signal_history_hours), self._staleness + LONGEST_DECISION)
        self._ttl = settings.signal_cache_ttl
        self._health = DependencyHealth(ok=False, detail="not asked yet")
        self._client = redis_client(settings)
        self._data = data_of(settings)
        self._holds = RedisHolds(self._client, self._ask, self._data)

    def write(self, signals: Sequence[SentimentSignal], now: datetime) -> list[WriteOutcome]:
        """See `SentimentStore.write`. An outcome describes the state after all signals of the pair were written."""
        calls = _calls(signals, self._context(now))
        if not calls:
            return []
        replies = self._ask(lambda: self._run(calls))
        if self._data is not None and not self._ask(lambda: is_written(self._client)):
            raise TryLater("the disk of the embedded Redis is full: what was written is in memory only")
        outcomes: list[WriteOutcome] = [WriteOutcome.DUPLICATE] * len(signals)
        for (_, positions, _), letters in zip(calls, replies, strict=True):
            for position, letter in zip(positions, letters, strict=True):
                outcomes[position] = _OUTCOMES[letter]
        return outcomes

    def current(self, pairs: Sequence[str]) -> dict[str, dict[str, str] | None]:
        """See `SentimentStore.current`. Needs one round trip."""

        def fetch() -> list[Any]:
            pipeline = self._client.pipeline(transaction=False)
            for pair in pairs:
                pipeline.hgetall(keys.current_key(pair))
            return pipeline.execute()

        return {pair: fields or None for pair, fields in zip(pairs, self._ask(fetch), strict=True)}

    def history(self, pair: str, limit: int = HISTORY_LENGTH) -> list[SentimentSignal]:
        """See `SentimentStore.history`.

        An entry that is not a signal, because another program wrote it, is left out with a warning.
        """
        if limit < 1:
            return []
        entries = cast(
            "list[str]", self._ask(lambda: self._client.lrange(keys.history_key(pair), 0, limit - 1))
        )
        return [signal for entry in entries if (signal := signal_of(entry, keys.history_key(pair)))]

    def signals_from(self, positions: Mapping[str, int]) -> dict[str, StoredSignals]:
        """See `SentimentStore.signals_from`. Needs one round trip."""
        return self._ask(lambda: signals_from(self._client, positions))

    def scored_pairs(self) -> ScoredPairs | None:
        """See `SentimentStore.scored_pairs`. A value in another format is treated as missing."""
        text = self._ask(lambda: self._client.get(keys.SCORED))
        try:
            return None if text is None else of_text(str(text))
        except ValueError:
            log.warning("scored_pairs_unreadable", key=keys.SCORED)
            return None

    def announce_scored_pairs(self, scored: ScoredPairs) -> None:
        """See `SentimentStore.announce_scored_pairs`."""
        self._ask(lambda: self._client.set(keys.SCORED, as_text(scored)))

    @property
    def holds(self) -> Holds:
        """See `SentimentStore.holds`."""
        return self._holds

    def eviction_policy(self) -> str | None:
        """See `SentimentStore.eviction_policy`. Uses INFO, because hosted Redis servers refuse CONFIG."""

        def ask() -> dict[str, Any]:
            try:
                info: dict[str, Any] = self._client.info()
            except redis.ResponseError as error:
                if code_of(error) in {"NOPERM", UNKNOWN_COMMAND}:
                    return {}
                raise
            if info.get("cluster_enabled"):
                # A cluster of a single node would answer commands about a single key all the same.
                raise redis.exceptions.ClusterError("cluster_enabled:1")
            return info

        policy = self._ask(ask).get("maxmemory_policy")
        return str(policy) if policy else None

    def health(self) -> DependencyHealth:
        """See `SentimentStore.health`."""
        return self._health

    def check(self) -> None:
        """See `SentimentStore.check`."""
        self._ask(self._client.ping)

    def close(self) -> None:
        """See `SentimentStore.close`."""
        self._client.close()

    def _context(self, now: datetime) -> tuple[str, ...]:
        now_ms = to_ms(now)
        return (
            str(now_ms),
            from_ms(now_ms).isoformat(timespec="milliseconds"),
            str(to_ms(now - self._window)),
            (now.astimezone(UTC) - self._staleness).isoformat(),
            str(self._ttl),
            str(to_ms(now + CLOCKS_DIFFER)),
        )

    def _run(self, calls: Sequence[_Call]) -> list[str]:
        replies = self._evaluate(calls)
        missing = [i for i, reply in enumerate(replies) if isinstance(reply, redis.exceptions.NoScriptError)]
        if missing:
            self._client.script_load(SCRIPT)
            for i, reply in zip(missing, self._evaluate([calls[i] for i in missing]), strict=True):
                replies[i] = reply
        for reply in replies:
            if isinstance(reply, redis.RedisError):
                raise reply
        return replies

    def _evaluate(self, calls: Sequence[_Call]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for pair, _, arguments in calls:
            names = keys.written_together(pair)
            pipeline.evalsha(SCRIPT_SHA, len(names), *names, *arguments)
        return pipeline.execute(raise_on_error=False)

    def _ask(self, question: Callable[[], T]) -> T:
        try:
            answer = question()
        except redis.RedisError as error:
            reaction = self._reaction_to(error)
            self._health = DependencyHealth(ok=False, detail=str(reaction))
            raise reaction from error
        self._health = DependencyHealth(ok=True, detail=self._address)
        return answer

    def _reaction_to(self, error: redis.RedisError) -> CryptoBoyError:
        if is_not_the_primary(error):
            self._client.connection_pool.disconnect(inuse_connections=False)
        if code_of(error) == UNKNOWN_COMMAND:
            with contextlib.suppress(redis.RedisError):  # the error itself is reported then
                if reason := explain_unknown_command(self._client.info()):
                    return StopProgram(f"Redis at {self._address} cannot be used: {reason}.")
        return reaction_to(error, self._address)


def _calls(signals: Sequence[SentimentSignal], context: tuple[str, ...]) -> list[_Call]:
    by_pair: dict[str, list[int]] = {}
    for position, signal in enumerate(signals):
        by_pair.setdefault(signal.pair, []).append(position)
    calls = []
    for pair, all_positions in by_pair.items():
        for start in range(0, len(all_positions), SIGNALS_PER_CALL):
            positions = all_positions[start : start + SIGNALS_PER_CALL]
            each = (_arguments(signals[position]) for position in positions)
            calls.append((pair, positions, [*context, *chain.from_iterable(each)]))
    return calls


def _arguments(signal: SentimentSignal) -> tuple[str, str]:
    published = signal.published.isoformat()
    trust = "trusted" if signal.is_trusted else "doubtful"
    body = signal.model_dump_json(exclude={"available_at"})
    return (
        f"{signal.revision}|{signal.scope.value}|{trust}|{published}|{signal.article_id}|{signal.model}",
        body[:-1],  # the script appends available_at and the closing brace
    )
