"""Maps errors of Redis to this project's errors: retry later, or a person has to change something.

The error's code (READONLY, NOPERM ...) determines the result. The code can be inside another error: Redis 7 puts it
after EXECABORT if a whole transaction is refused, Redis 6 puts it after the words for a failed script, and redis-py
puts it after the command of a pipeline.
"""

from __future__ import annotations

import re

import redis

from services.common.errors import CryptoBoyError, StopProgram, TryLater
from services.common.tls import explain_tls

# Used in place of a code, because Redis sends no code for this error.
UNKNOWN_COMMAND = "unknown command"
OLDEST_MAJOR = 7
"""The oldest supported major version of Redis."""
_PIPELINE = re.compile(r"^Command # \d+ \((.*?)\) of pipeline caused error: (.*)", re.DOTALL)
_WITHIN = re.compile(r"(?:because of: |script.* -)([A-Z]{3,})\b", re.DOTALL)
_FIRST = re.compile(r"^([A-Z]{3,})\b")
_LONGEST = 300

_NO_CLUSTER = (
    "it is a node of a Redis Cluster, where the keys of one pair lie on several nodes. Set REDIS_HOST and REDIS_PORT "
    "to a single Redis (cluster-enabled no; with a hosted one, cluster mode disabled)"
)
_RIGHTS = "Check REDIS_USER, REDIS_PASSWORD and the rights of that user"
_ANEW = (
    "the next attempt connects anew, to the primary if the address leads there by then. If that goes on, set "
    "REDIS_HOST and REDIS_PORT to the primary"
)
_STOP = {
    "NOAUTH": "it refuses us: it wants a password. Set REDIS_PASSWORD, and REDIS_USER if it has users of its own",
    "WRONGPASS": f"it refuses us: no such user with this password. {_RIGHTS}",
    "NOPERM": f"it refuses us: {{said}}. {_RIGHTS}; `./cryptoboy deploy redis-acl` writes those of production, and "
    "ACL LOAD puts them in force",
    "DENIED": "it refuses us: it is in protected mode, without a password, and open to its own machine only. Give it a "
    "password (requirepass) and set REDIS_PASSWORD",
    **dict.fromkeys(("CLUSTERDOWN", "MOVED", "ASK", "TRYAGAIN", "CROSSSLOT"), _NO_CLUSTER),
    "WRONGTYPE": "one of our keys holds another type of value ({said}). Find it with "
    "`redis-cli --scan --pattern 'sentiment*'` (or 'trading:*') and `TYPE`, and delete or rename it",
    UNKNOWN_COMMAND: "it lacks a command that we need ({said}). Is REDIS_PORT that of a Sentinel (26379), which keeps "
    "no data? Then set REDIS_HOST and REDIS_PORT to the Redis itself. Otherwise Redis 7 or newer is required, with no "
    "command renamed or switched off",
}
_LATER = {
    "OOM": "it takes no writes: it is out of memory. Raise its maxmemory, or free some",
    "READONLY": f"it is a replica, which takes no writes; {_ANEW}",
    "MASTERDOWN": f"it is a replica that has lost its primary; {_ANEW}",
    "NOREPLICAS": "it takes no writes without its replicas. Bring them back, or lower min-replicas-to-write",
    "MISCONF": "it takes no writes: it cannot save to its disk. Free some space there and check the rights of its "
    "folder; its log has the reason",
    "LOADING": "it is loading its data and answers when it has done so",
    "BUSY": "it is busy with a script of another client. `redis-cli SCRIPT KILL` ends the script",
    "UNKILLABLE": "it is busy with a script of another client, which has written already. Wait for its end",
}
# Errors without a code, or with a misleading one, by words in their text.
_WORDS = {
    UNKNOWN_COMMAND: UNKNOWN_COMMAND,
    "unauthenticated": "NOAUTH",  # a long pipeline is refused before it is read as commands
    "user executing the script": "NOPERM",
}
_KINDS = {
    redis.exceptions.OutOfMemoryError: "OOM",
    redis.exceptions.ReadOnlyError: "READONLY",
    redis.exceptions.MasterDownError: "MASTERDOWN",
    redis.exceptions.BusyLoadingError: "LOADING",
    redis.exceptions.NoPermissionError: "NOPERM",
    redis.exceptions.ClusterCrossSlotError: "CROSSSLOT",
    redis.exceptions.ClusterError: "CLUSTERDOWN",
    redis.exceptions.TryAgainError: "TRYAGAIN",
    redis.exceptions.AskError: "ASK",
}
_ELSEWHERE = frozenset({"READONLY", "MASTERDOWN", "NOREPLICAS"})
_REFUSED = (
    redis.exceptions.AuthenticationError,
    redis.exceptions.AuthenticationWrongNumberOfArgsError,
    redis.exceptions.AuthorizationError,
)
_AWAY = (
    redis.exceptions.ConnectionError,
    redis.exceptions.TimeoutError,
    redis.exceptions.NoScriptError,  # the script cache was emptied again while we were loading the script
)
_NO_PASSWORD_THERE = ("without any password configured", "no password is set")
_CLOSED = "Connection closed by server"


def reaction_to(error: redis.RedisError, address: str) -> CryptoBoyError:
    """This project's error for an error of redis-py.

    Args:
        error: the error that a call raised.
        address: host:port for the message; must not contain a password.
    """
    said, code = _said(error), code_of(error)
    if code in _STOP:
        return StopProgram(f"Redis at {address} cannot be used: {_STOP[code].format(said=said)}.")
    if code in _LATER:
        return TryLater(f"Redis at {address} cannot be used now: {_LATER[code]} ({said}).")
    return _without_code(error, said.rstrip("."), address)


def _without_code(error: redis.RedisError, said: str, address: str) -> CryptoBoyError:
    where = f"Redis at {address}"
    if any(words in said for words in _NO_PASSWORD_THERE):
        return StopProgram(
            f"{where} refuses us: it has no password, and REDIS_PASSWORD is set. Unset REDIS_PASSWORD."
        )
    # AuthenticationError is a ConnectionError to redis-py, so this comes first.
    if isinstance(error, _REFUSED):
        return StopProgram(f"{where} refuses us: {said or 'no access'}. {_RIGHTS}.")
    if advice := explain_tls(said, "REDIS"):
        return StopProgram(f"{where} cannot be used over TLS: {advice}")
    if isinstance(error, redis.exceptions.InvalidResponse):
        return StopProgram(
            f"What listens at {address} does not answer as a Redis does ({said}). Check REDIS_HOST and REDIS_PORT."
        )
    if isinstance(error, _AWAY):
        doubt = (
            ". If that goes on: is it a Redis, and does it want TLS (REDIS_TLS)?" if _CLOSED in said else ""
        )
        return TryLater(f"{where} cannot be used now: {said}{doubt}")
    return StopProgram(f"{where} cannot be used: it answered {said!r}. Its own log may say more.")


def code_of(error: redis.RedisError) -> str:
    """The code of an error or, if it contains another error, the code of that error; empty if there is no code."""
    said = _said(error)
    if within := _WITHIN.search(said):
        return within[1]
    if code := next((code for words, code in _WORDS.items() if words in said), None):
        return code
    # Where redis-py has a class for a code, it takes the code out of the text.
    outer = getattr(error, "status_code", None)
    if outer and outer != "ERR":
        return str(outer)
    first = _FIRST.match(said)
    kinds = (code for kind, code in _KINDS.items() if isinstance(error, kind))
    return next(kinds, first[1] if first else "")


def is_not_the_primary(error: redis.RedisError) -> bool:
    """Whether the error means that the server is not the primary.

    Connections to this server must then be dropped, because the address may lead to another server by now.
    """
    return code_of(error) in _ELSEWHERE


def explain_unknown_command(info: dict[str, object]) -> str | None:
    """The reason, found in a server's INFO, why the server lacks a command; None if INFO does not explain it."""
    if info.get("redis_mode") == "sentinel":
        return (
            "it is a Sentinel, which keeps no data. Set REDIS_HOST and REDIS_PORT to the primary that it watches: "
            "`redis-cli -p PORT SENTINEL MASTERS` names it"
        )
    version = str(info.get("redis_version", ""))
    major = version.partition(".")[0]
    if major.isdigit() and int(major) < OLDEST_MAJOR:
        return f"it is Redis {version}, and Redis {OLDEST_MAJOR} or newer is required"
    return None


def _said(error: redis.RedisError) -> str:
    said = _PIPELINE.sub(r"\2 [\1]", str(error))
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]} ..."
