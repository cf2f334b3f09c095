"""What an error of Redis means for us: try later, or a person has to change something."""

from __future__ import annotations

import redis

from services.common.errors import CryptoBoyError, StopProgram, TryLater
from services.common.tls import explain_tls

_REFUSED = (
    redis.exceptions.AuthenticationError,
    redis.exceptions.AuthenticationWrongNumberOfArgsError,
    redis.exceptions.AuthorizationError,
    redis.exceptions.NoPermissionError,
)
_AWAY = (
    redis.exceptions.ConnectionError,
    redis.exceptions.TimeoutError,
    redis.exceptions.BusyLoadingError,
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.TryAgainError,
    redis.exceptions.ClusterDownError,
    redis.exceptions.MasterDownError,
    redis.exceptions.NoScriptError,  # the script cache was emptied again while we were loading the script
)
# Codes for which redis-py has no class of their own.
_PASSING_CODES = ("BUSY", "MISCONF", "NOREPLICAS", "UNKILLABLE", "LOADING", "OOM", "READONLY")


def reaction_to(error: redis.RedisError, address: str) -> CryptoBoyError:
    """The error of ours for one of redis-py's.

    Args:
        error: what a call raised.
        address: host:port, for the message, which never holds a password.
    """
    said = str(error)
    # AuthenticationError is a ConnectionError to redis-py, so this comes first.
    if isinstance(error, _REFUSED):
        return StopProgram(
            f"Redis at {address} refuses us: {said or 'no access'}. "
            "Check REDIS_USER, REDIS_PASSWORD and the rights of that user."
        )
    if advice := explain_tls(said, "REDIS"):
        return StopProgram(f"Redis at {address} cannot be spoken to over TLS: {advice}")
    if isinstance(error, redis.exceptions.OutOfMemoryError):
        return TryLater(f"Redis at {address} takes no writes: it is out of memory (see its maxmemory)")
    if isinstance(error, _AWAY) or said.startswith(_PASSING_CODES):
        return TryLater(f"Redis at {address} cannot be used now: {said}")
    if said.startswith("WRONGTYPE"):
        return StopProgram(
            f"Redis at {address}: one of our keys holds another type of value ({said}). "
            "Find it with `redis-cli --scan --pattern 'sentiment*'` and `TYPE`, and delete or rename it."
        )
    return StopProgram(f"Redis at {address} cannot do what we need: {said}. Redis 7 or newer is required.")
