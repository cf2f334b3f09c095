from __future__ import annotations

import pytest
import redis

from services.common.errors import StopProgram, TryLater
from services.common.store.redis.errors import explain_unknown_command, is_not_the_primary, reaction_to

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


@pytest.mark.parametrize(
    "said", ["DB index is out of range", "IOERR error or timeout reading to target instance"]
)
def test_an_answer_that_is_not_known_is_quoted_and_laid_to_no_version(said: str) -> None:
    reaction = reaction_to(redis.ResponseError(said), "redis:6379")
    assert isinstance(reaction, StopProgram)
    assert said in str(reaction)
    assert "Redis 7" not in str(reaction)


def test_a_cluster_that_is_down_is_no_reason_to_wait() -> None:
    for error in (
        redis.exceptions.ClusterDownError("Hash slot not served"),
        redis.exceptions.MovedError("3999 127.0.0.1:6381"),
        redis.exceptions.AskError("3999 127.0.0.1:6381"),
        redis.exceptions.TryAgainError("Multiple keys request during rehashing of slot"),
    ):
        reaction = reaction_to(error, "redis:6379")
        assert isinstance(reaction, StopProgram)
        assert "Cluster" in str(reaction)


# What a code stands within: redis-py's words for a pipeline, Redis 6 for a script, Redis 7 for a transaction.
WRAPPED = {
    "pipeline": "Command # 1 (HGETALL sentiment:ETH/USDT) of pipeline caused error: {}",
    "script on Redis 6": "Error running script (call to f_02d2): @user_script:85: @user_script: 85: -{}",
    "script on Redis 7": "{} script: 02d2, on @user_script:85.",
    "transaction": "Transaction discarded because of: {}",
}
WORDS = {
    "READONLY You can't write against a read only replica.": (TryLater, "replica, which takes no writes"),
    "OOM command not allowed when used memory > 'maxmemory'.": (TryLater, "out of memory"),
    "MISCONF Redis is configured to save RDB snapshots": (TryLater, "cannot save to its disk"),
    "MASTERDOWN Link with MASTER is down": (TryLater, "lost its primary"),
    "NOREPLICAS Not enough good replicas to write.": (TryLater, "without its replicas"),
    "LOADING Redis is loading the dataset in memory": (TryLater, "loading its data"),
    "WRONGTYPE Operation against a key holding the wrong kind of value": (StopProgram, "another type"),
    "NOPERM this user has no permissions to run the 'hset' command": (StopProgram, "rights of that user"),
    "NOAUTH Authentication required.": (StopProgram, "wants a password"),
    "CROSSSLOT Keys in request don't hash to the same slot": (StopProgram, "Redis Cluster"),
}


@pytest.mark.parametrize("wrapping", WRAPPED)
@pytest.mark.parametrize("said", WORDS)
def test_an_error_within_another_has_the_words_and_the_reaction_of_its_own(said: str, wrapping: str) -> None:
    kind, words = WORDS[said]
    reaction = reaction_to(redis.ResponseError(WRAPPED[wrapping].format(said)), "redis:6379")
    assert isinstance(reaction, kind)
    assert words in str(reaction)
    assert "Redis 7 or newer" not in str(reaction)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Protocol error: unauthenticated multibulk length", "REDIS_PASSWORD"),
        ("DENIED Redis is running in protected mode because protected mode is enabled", "requirepass"),
        ("The user executing the script can't run this command or subcommand script: 02d2", "rights"),
        ("unknown command 'EVALSHA', with args beginning with: '02d2' '4'", "Sentinel"),
        (
            "AUTH <password> called without any password configured for the default user.",
            "Unset REDIS_PASSWORD",
        ),
        ("Client sent AUTH, but no password is set", "Unset REDIS_PASSWORD"),
    ],
)
def test_what_only_a_person_can_mend_says_what_to_change(said: str, words: str) -> None:
    reaction = reaction_to(redis.ResponseError(said), "redis:6379")
    assert isinstance(reaction, StopProgram)
    assert words in str(reaction)


def test_what_is_no_redis_is_called_so() -> None:
    error = redis.InvalidResponse("Protocol Error: b'HTTP/1.1 400 Bad Request'")
    reaction = reaction_to(error, "localhost:8080")
    assert isinstance(reaction, StopProgram)
    assert "localhost:8080 does not answer as a Redis" in str(reaction)


def test_what_closes_every_connection_may_want_tls() -> None:
    reaction = reaction_to(redis.ConnectionError("Connection closed by server."), "redis:6379")
    assert isinstance(reaction, TryLater)
    assert "REDIS_TLS" in str(reaction)


def test_a_message_is_short_however_long_the_error_is() -> None:
    said = "unknown command 'EVALSHA', with args beginning with: " + "'x' " * 1000
    assert len(str(reaction_to(redis.ResponseError(said), "redis:6379"))) < 1000


@pytest.mark.parametrize("wrapping", WRAPPED)
def test_the_address_may_lead_elsewhere_when_the_server_is_no_primary(wrapping: str) -> None:
    for said in WORDS:
        error = redis.ResponseError(WRAPPED[wrapping].format(said))
        assert is_not_the_primary(error) is said.startswith(("READONLY", "MASTERDOWN", "NOREPLICAS"))


def test_info_tells_a_sentinel_and_an_old_redis_from_one_that_lacks_a_command() -> None:
    assert "Sentinel" in str(explain_unknown_command({"redis_mode": "sentinel", "redis_version": "7.0.15"}))
    assert "Redis 5.0.3" in str(
        explain_unknown_command({"redis_mode": "standalone", "redis_version": "5.0.3"})
    )
    assert explain_unknown_command({"redis_mode": "standalone", "redis_version": "7.2.0"}) is None
    assert explain_unknown_command({}) is None
