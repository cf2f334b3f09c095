from __future__ import annotations

import pytest
import redis

from services.common.errors import StopProgram, TryLater
from services.common.store.redis_errors import reaction_to

# As redis-py raises them: known codes have a class and lose the code, others keep it in the text.
LATER = [
    redis.ConnectionError("Connection refused"),
    redis.TimeoutError("Timeout reading from socket"),
    redis.BusyLoadingError("Redis is loading the dataset in memory"),
    redis.exceptions.OutOfMemoryError("command not allowed when used memory > 'maxmemory'"),
    redis.ReadOnlyError("You can't write against a read only replica."),
    redis.exceptions.NoScriptError("No matching script."),
    redis.exceptions.MasterDownError("Link with MASTER is down"),
    redis.exceptions.MaxConnectionsError("Too many connections"),
    redis.ResponseError("BUSY Redis is busy running a script."),
    redis.ResponseError("MISCONF Errors writing to the AOF file"),
    redis.ResponseError("NOREPLICAS Not enough good replicas to write."),
]
NEVER = [
    redis.AuthenticationError("invalid username-password pair or user is disabled."),
    redis.exceptions.AuthorizationError("no"),
    redis.exceptions.NoPermissionError("User default has no permissions to run the 'evalsha' command"),
    redis.ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value"),
    redis.ResponseError("unknown command 'EVALSHA'"),
    redis.exceptions.ClusterCrossSlotError("Keys in request don't hash to the same slot"),
]


@pytest.mark.parametrize("error", LATER, ids=lambda error: type(error).__name__ + ":" + str(error)[:8])
def test_what_passes_by_itself_is_tried_later(error: redis.RedisError) -> None:
    reaction = reaction_to(error, "redis:6379")
    assert isinstance(reaction, TryLater)
    assert "redis:6379" in str(reaction)


@pytest.mark.parametrize("error", NEVER, ids=lambda error: type(error).__name__ + ":" + str(error)[:8])
def test_what_a_person_must_mend_stops_the_program(error: redis.RedisError) -> None:
    reaction = reaction_to(error, "redis:6379")
    assert isinstance(reaction, StopProgram)
    assert "redis:6379" in str(reaction)
