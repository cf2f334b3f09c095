"""Defines the rights on a production Redis as its ACL file, with a user for each service that uses the store.

Redis checks the commands of a script as if the caller of the script had sent them one by one, so a user gains no
rights by running scripts. Redis treats EVAL as a write to all keys passed to the script. A user that reads with EVAL
is therefore granted write access to the keys, but no command that writes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from services.common.services import NOTIFIER, SERVICES, Service
from services.common.store.keys import (
    ANY_PAIR,
    DEMO,
    ENTRIES,
    HOLDS,
    HOLDS_ID,
    SCORED,
    current_key,
    history_key,
    ids_key,
    signals_key,
)

_CURRENT, _HISTORY, _SIGNALS, _IDS = (
    make(ANY_PAIR) for make in (current_key, history_key, signals_key, ids_key)
)
# What clients ask of every connection.
_CONNECTION = ("ping", "select", "client|setname")
# What the strategy's script reads with, and `./cryptoboy sentiment` with it.
_SCRIPT_READS = ("eval", "get", "zcount", "zrange", "zrangebyscore")


@dataclass(frozen=True, slots=True)
class StoreUser:
    """A user and the fewest rights that it needs.

    Attributes:
        keys: key patterns with a prefix: `~` allows everything that the commands do, `%R~` only reading.
        commands: all commands that the user may call.
        also: a second set of keys and commands; these commands may be used on these keys only.
    """

    name: str
    keys: tuple[str, ...]
    commands: tuple[str, ...]
    also: tuple[tuple[str, ...], tuple[str, ...]] | None = None


# What `write_signals.lua` does, loading it, reading what is current, and looking after holds: it begins them on a new
# store and takes them as lost on one that went back. INFO tells whether keys are thrown away. `zrem` is for the script
# of the version before: its cacher still runs when these rights come into force, and again after a return to it.
_COMMANDS = {
    "signal_cacher": (
        *("evalsha", "script|load", "expire", "persist", "del"),
        *("hgetall", "hmget", "hset", "hdel", "hexists"),
        *("get", "set", "exists", "info"),
        *("lindex", "linsert", "lpush", "lrange", "ltrim", "rpush"),
        *("zadd", "zrange", "zrangebyscore", "zrem", "zremrangebyscore", "zrevrangebyscore", "zscore"),
    ),
    "history_recorder": ("get", "exists", "hgetall", "zcard", "zrangebyscore", "multi", "exec"),
    # Reads holds and sentiment, and sets and lifts the hold of the chat.
    NOTIFIER: ("get", "set", "exists", "multi", "exec", "hset", "hdel", "hgetall"),
}
_ONLY_READS = {"signal_cacher": (ENTRIES,)}


def _user_of(service: Service) -> StoreUser:
    """The user of a service: all rights on the keys that it stores, and read access to those that it only reads."""
    keys = [f"~{key}" for key in service.stores]
    keys += [f"%R~{key}" for key in (*service.store_reads, *_ONLY_READS.get(service.name, ()))]
    # The notifier reads signals with the strategy's script.
    script = ((f"~{_SIGNALS}", f"~{ENTRIES}"), _SCRIPT_READS) if service.name == NOTIFIER else None
    return StoreUser(service.name, tuple(keys), (*_CONNECTION, *_COMMANDS[service.name]), script)


STRATEGY = StoreUser(
    "strategy",
    keys=(f"~{_SIGNALS}", f"~{ENTRIES}", f"%R~{HOLDS}", f"%R~{DEMO}", f"%R~{SCORED}"),
    commands=(*_CONNECTION, *_SCRIPT_READS, "hgetall"),
)
# Looks at everything, pauses and resumes, has Redis write a copy for a backup, and ends a script that does not end.
OPERATOR = StoreUser(
    "operator",
    keys=(
        *(f"%R~{key}" for key in (_CURRENT, _HISTORY, _SIGNALS, _IDS, DEMO, SCORED)),
        *(f"~{key}" for key in (ENTRIES, HOLDS, HOLDS_ID)),
    ),
    commands=(
        *_CONNECTION,
        *("get", "set", "del", "exists", "type", "ttl", "scan", "multi", "exec", "hset", "hdel", "eval"),
        *("hget", "hgetall", "hlen", "lrange", "llen", "zrange", "zcard", "zcount", "zrangebyscore"),
        *("info", "dbsize", "memory|usage", "bgsave", "lastsave", "script|kill"),
    ),
    also=((f"~{_SIGNALS}", f"~{ENTRIES}"), _SCRIPT_READS),
)
# Shows the sentiment, holds entries and lifts holds for whoever has a key, and reads signals as the strategy does.
API = StoreUser(
    "api",
    keys=OPERATOR.keys,
    commands=(
        *_CONNECTION,
        *("get", "set", "del", "exists", "multi", "exec", "hset", "hdel", "hgetall", "eval", "lrange"),
    ),
    also=OPERATOR.also,
)
# Whoever opens `redis-cli` in the container. The key pattern of KEYS is none of Redis's rights: it tells names alone.
READER = StoreUser(
    "reader",
    keys=tuple(f"%R~{key}" for key in (_CURRENT, _HISTORY, _SIGNALS, _IDS, HOLDS, ENTRIES)),
    commands=(
        *_CONNECTION,
        *("command", "keys", "scan", "exists", "type", "ttl", "pttl", "dbsize", "info"),
        *("get", "hget", "hmget", "hgetall", "hkeys", "hlen", "lrange", "llen", "lindex"),
        *("zrange", "zrevrange", "zrangebyscore", "zcard", "zcount"),
    ),
)
# Has a running Redis load its ACL file, after an upgrade or with a new password; cannot change the file.
RIGHTS = StoreUser("rights", keys=(), commands=("acl|load",))
STORE_USERS = (
    *(
        API if each.name == API.name else _user_of(each)
        for each in SERVICES.values()
        if each.uses_store and each.deployed_by
    ),
    *(STRATEGY, OPERATOR, READER, RIGHTS),
)

# Without a password, for health checks: to ask whether Redis is there is all that it may.
_HEALTH = "user health on nopass sanitize-payload resetkeys resetchannels -@all +ping"
# Nobody can log in as this user. It has every right all the same, for Redis replays its append-only file as this user:
# 7.0 refuses the transactions in it otherwise, says so in its log only, and begins empty.
_NOBODY = "user default off resetpass ~* &* +@all"


def acl_file(passwords: Mapping[str, str]) -> str:
    """The content of the file that `aclfile` names: users with hashed passwords, and a disabled default user.

    Source: https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/.
    """
    lines = [_NOBODY, _HEALTH, *(_line(user, passwords[user.name]) for user in STORE_USERS)]
    return "\n".join(lines) + "\n"


def _line(user: StoreUser, password: str) -> str:
    hashed = hashlib.sha256(password.encode()).hexdigest()
    parts = [f"user {user.name} on #{hashed} resetchannels -@all", *user.keys, *_allowed(user.commands)]
    if user.also:
        keys, commands = user.also
        parts.append(f"({' '.join(['-@all', *keys, *_allowed(commands)])})")
    return " ".join(parts)


def _allowed(commands: tuple[str, ...]) -> list[str]:
    return [f"+{command}" for command in commands]
