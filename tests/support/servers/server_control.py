"""What a found or started test server looks like; the same as for measurements."""

from devtools.servers.control import (
    LOOPBACK,
    Control,
    RabbitControl,
    RabbitServer,
    RedisServer,
    ServerProblem,
    UnmanagedServer,
    free_ports,
    nothing_to_watch,
    rabbitmq_answers,
    redis_answers,
    wait_until,
)

__all__ = [
    "LOOPBACK",
    "Control",
    "RabbitControl",
    "RabbitServer",
    "RedisServer",
    "ServerProblem",
    "UnmanagedServer",
    "free_ports",
    "nothing_to_watch",
    "rabbitmq_answers",
    "redis_answers",
    "wait_until",
]
