"""RabbitMQ and Redis of a system in containers, asked as one of their users over the network."""

from __future__ import annotations

import pika

from tests.support.containers.reach import addresses
from tests.support.containers.stack import Stack


def address_of(system: Stack, service: str) -> str:
    """An address of a service's container."""
    return next(iter(addresses(system.running()[service]).values()))


def broker_as(system: Stack, user: str) -> pika.BlockingConnection:
    """A connection to RabbitMQ as this user, with the password of the system's secrets."""
    credentials = pika.PlainCredentials(user, system.secret(f"rabbitmq_{user}"))
    return pika.BlockingConnection(
        pika.ConnectionParameters(address_of(system, "rabbitmq"), credentials=credentials)
    )
