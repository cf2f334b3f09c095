"""Builds RabbitMQ's definitions file from the topology and the users. The functions are pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from services.common.broker.rabbitmq.topology import QueueDeclaration, Topology, rabbitmq_topology
from services.common.broker.rabbitmq.users import BROKER_USERS, NOTHING, OURS, BrokerUser
from services.common.broker.topology import EVENTS_EXCHANGE

QUEUE_MAX_BYTES = 1024**3
"""The maximum size of a queue in bytes (1 GiB), whatever its length in messages.

The limit is set by a policy, so the limit can be changed without a new queue.
"""

OURS_FIRST = 10
_DURABLE = {"durable": True, "auto_delete": False}


def definitions(
    vhost: str, max_length: int, password_hashes: Mapping[str, str] | None = None
) -> dict[str, list[dict[str, Any]]]:
    """RabbitMQ's definitions: exchanges, queues, bindings, policies, and optionally users with rights.

    Args:
        vhost: the virtual host to which all definitions belong.
        max_length: the number of messages that a queue may hold.
        password_hashes: the hash for each user name (see `users`); None leaves users and rights out.
    """
    topology = rabbitmq_topology(max_length)
    parts: dict[str, list[dict[str, Any]]] = {
        "vhosts": [{"name": vhost}],
        "policies": _policies(vhost, topology, max_length),
        "exchanges": [
            {"name": name, "vhost": vhost, "type": kind, **_DURABLE, "internal": False, "arguments": {}}
            for name, kind in topology.exchanges.items()
        ],
        "queues": [
            {
                "name": each.name,
                "vhost": vhost,
                "type": each.kind.value,
                **_DURABLE,
                "arguments": dict(each.arguments),
            }
            for each in topology.queues
        ],
        "bindings": [
            {
                "source": each.exchange,
                "vhost": vhost,
                "destination": each.queue,
                "destination_type": "queue",
                "routing_key": each.routing_key,
                "arguments": {},
            }
            for each in topology.bindings
        ],
    }
    if password_hashes is None:
        return parts
    users = [(user, password_hashes[user.name]) for user in BROKER_USERS]
    return {
        "users": [
            {
                "name": user.name,
                "password_hash": hashed,
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": [OURS, *user.tags],
            }
            for user, hashed in users
        ],
        "permissions": [_permission(vhost, user) for user in BROKER_USERS],
        "topic_permissions": [_topic_permission(vhost, user) for user in BROKER_USERS if user.publishes],
        **parts,
    }


def _permission(vhost: str, user: BrokerUser) -> dict[str, str]:
    rights = {"configure": NOTHING, "write": user.write, "read": user.read}
    return {"user": user.name, "vhost": vhost, **rights}


def _topic_permission(vhost: str, user: BrokerUser) -> dict[str, str]:
    """The permission for a user's routing keys only; without it, write access to an exchange allows every key."""
    keys = "|".join(re.escape(key) for key in user.publishes)
    rights = {"write": f"^({keys})$", "read": NOTHING}
    return {"user": user.name, "vhost": vhost, "exchange": EVENTS_EXCHANGE, **rights}


def _policies(vhost: str, topology: Topology, max_length: int) -> list[dict[str, Any]]:
    """Policies that set limits and dead-lettering, and a policy that limits queues bound by other programs.

    The arguments of the queues set the same limits, except the limit in bytes, which only the policies set. A policy
    can make the limit of an argument stricter, but not looser. RabbitMQ applies at most one policy to a queue, so
    each queue with limits has its own policy.
    """
    own = [
        {
            "vhost": vhost,
            "name": queue.name,
            "pattern": f"^{re.escape(queue.name)}$",
            "apply-to": "queues",
            "priority": OURS_FIRST,
            "definition": definition,
        }
        for queue in topology.queues
        if (definition := _policy_definition(queue))
    ]
    ours = "|".join(re.escape(queue.name) for queue in topology.queues)
    others = {
        "vhost": vhost,
        "name": "queues-of-others",
        "pattern": f"^(?!({ours})$)",
        "apply-to": "queues",
        "priority": 0,
        "definition": {
            "max-length": max_length,
            "max-length-bytes": QUEUE_MAX_BYTES,
            "overflow": "drop-head",
        },
    }
    return [*own, others]


def _policy_definition(queue: QueueDeclaration) -> dict[str, str | int]:
    """The limits that the policy of a queue sets; empty for dead letters, which only a person may delete."""
    if "x-max-length" not in queue.arguments:
        return {}
    limits = {
        name.removeprefix("x-"): value for name, value in queue.arguments.items() if name != "x-queue-type"
    }
    return {**limits, "max-length-bytes": QUEUE_MAX_BYTES}
