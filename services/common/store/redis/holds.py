"""Stores the holds on entries in Redis. For the keys and their content see `keys`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import redis

from services.common.errors import TryLater
from services.common.store.embedded.disk import give_reserve, is_written, sync
from services.common.store.holds import OPERATOR, Hold, StoredHolds, new_id
from services.common.store.keys import ENTRIES, HOLDS, HOLDS_ID, KEPT, PAUSED
from services.common.store.redis.errors import code_of

Command = tuple[str, ...]
_ROOM_SECONDS, _REPEAT_SECONDS = 5.0, 0.02
# Only if neither key was ever written: a store that has lost its holds must not be taken for a new one.
_BEGIN = """
if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then
  return redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 and redis.call('GET', KEYS[2]) or false
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2], unpack(ARGV, 4))
redis.call('SET', KEYS[2], ARGV[3])
return ARGV[3]
"""
# A full Redis refuses whatever may need memory, except to a script that says so.
_IN_A_FULL_STORE = """#!lua flags=allow-oom
for _, command in ipairs(cjson.decode(ARGV[1])) do redis.call(unpack(command)) end
"""
_WRITTEN_BEFORE = "written as trading:entries before there were holds"


class RedisHolds:
    """Implements `holds.Holds`.

    A change is made even if Redis is full, because a hold must never be refused. On the embedded Redis, a change is on
    the disk before a method returns, and is made even if the disk is full.

    Args:
        ask: a function that calls Redis and converts Redis errors to this project's errors.
        data: the data folder of the embedded Redis; None for any other Redis.
    """

    def __init__(
        self, client: redis.Redis, ask: Callable[[Callable[[], Any]], Any], data: Path | None = None
    ) -> None:
        self._client, self._ask, self._data = client, ask, data
        self._begin = client.register_script(_BEGIN)

    def read(self) -> StoredHolds:
        """See `Holds.read`."""

        def fetch() -> list[Any]:
            pipeline = self._client.pipeline(transaction=False)
            pipeline.hgetall(HOLDS)
            pipeline.get(HOLDS_ID)
            pipeline.exists(ENTRIES)
            return pipeline.execute()

        fields, name, entries = self._ask(fetch)
        return StoredHolds(fields, name, bool(entries))

    def set(self, hold: Hold) -> None:
        """See `Holds.set`. A hold of the operator is written as `trading:entries` too."""
        commands: list[Command] = [("HSET", HOLDS, hold.owner, hold.as_text())]
        if hold.owner == OPERATOR:
            end = () if hold.until is None else ("PXAT", str(int(hold.until.timestamp() * 1000)))
            commands.append(("SET", ENTRIES, PAUSED, *end))
        self._change(commands)

    def lift(self, owner: str) -> None:
        """See `Holds.lift`."""
        self._change(_removal([owner]))

    def resume(self, owners: Collection[str], now: datetime) -> None:
        """See `Holds.resume`."""
        self._change([*_removal(owners), ("HSET", HOLDS, KEPT, now.astimezone(UTC).isoformat())])

    def begin(self, id: str, now: datetime) -> str | None:  # noqa: A002 - the port's name
        """See `Holds.begin`."""
        stood = bool(self._ask(lambda: self._client.exists(ENTRIES)))
        hold = Hold(OPERATOR, _WRITTEN_BEFORE, now)
        arguments = [
            KEPT,
            now.astimezone(UTC).isoformat(),
            id,
            *([OPERATOR, hold.as_text()] if stood else []),
        ]
        found = self._write(lambda: self._begin(keys=[HOLDS, HOLDS_ID], args=arguments))
        return cast("str | None", found)

    def mark(self, id: str) -> None:  # noqa: A002 - the port's name
        """See `Holds.mark`."""
        self._write(lambda: self._client.set(HOLDS_ID, id, nx=True))

    def refuse(self) -> None:
        """See `Holds.refuse`."""
        self._write(lambda: self._client.hdel(HOLDS, KEPT))

    def _change(self, commands: Sequence[Command]) -> None:
        """Send the commands and write a new id of the holds, either both or neither."""
        change = [*commands, ("SET", HOLDS_ID, new_id())]

        def call() -> None:
            pipeline: Any = self._client.pipeline(transaction=True)
            for command in change:
                pipeline.execute_command(*command)
            try:
                pipeline.execute()
            except redis.RedisError as error:
                if code_of(error) != "OOM":
                    raise
                self._client.eval(_IN_A_FULL_STORE, 3, HOLDS, HOLDS_ID, ENTRIES, json.dumps(change))

        self._write(call)

    def _write(self, change: Callable[[], Any]) -> Any:  # noqa: ANN401 - what Redis answers
        if self._data is None:
            return self._ask(change)
        answer, is_refused = None, False
        try:
            answer = self._ask(change)
        except TryLater as error:
            cause = error.__cause__
            is_refused = isinstance(cause, redis.RedisError) and code_of(cause) == "MISCONF"
            if not is_refused:
                raise
        if is_refused or not self._is_written():
            give_reserve(self._data)
            answer = self._repeat(change) if is_refused else answer
            self._repeat(self._check_written)
        sync(self._data)
        return answer

    def _is_written(self) -> bool:
        return bool(self._ask(lambda: is_written(self._client)))

    def _check_written(self) -> None:
        if not self._is_written():
            raise TryLater(
                "the change of the holds is in force, but the disk is full, so a restart of the embedded Redis would "
                "undo it. Make room and repeat it."
            )

    def _repeat(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - what Redis answers
        """Repeat a call until it succeeds; the server checks once per second if the disk has room."""
        deadline = time.monotonic() + _ROOM_SECONDS
        while True:
            try:
                return self._ask(call)
            except TryLater:
                if time.monotonic() > deadline:
                    raise
            time.sleep(_REPEAT_SECONDS)


def _removal(owners: Collection[str]) -> list[Command]:
    names = [owner for owner in owners if owner != KEPT]
    commands: list[Command] = [("HDEL", HOLDS, *names)] if names else []
    return [*commands, ("DEL", ENTRIES)] if OPERATOR in owners else commands
