"""The RabbitMQ and the Redis of the benchmark: servers that the caller names, or private ones started when needed."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import pika
import redis
from pika.exceptions import AMQPError, ChannelClosedByBroker

from devtools.servers.control import RabbitServer, RedisServer, ServerProblem, UnmanagedServer
from devtools.servers.programs import RabbitProgram, RedisProgram
from services.common.broker.rabbitmq.topology import rabbitmq_topology
from services.common.errors import StopProgram

_INSTALL = (
    "Install the Debian packages rabbitmq-server and redis-server (without starting the services), or name running "
    "ones with --rabbitmq and --redis."
)

P = TypeVar("P", RabbitProgram, RedisProgram)


class Servers:
    """The two servers of the benchmark; those that were started here are removed when `stack` closes.

    Args:
        stack: closes the servers that are started.
        rabbitmq_url: amqp://user:password@host:port/vhost of an unused virtual host; if None, a private server.
        redis_url: redis://:password@host:port of an empty Redis; if None, a private server.
    """

    def __init__(self, stack: ExitStack, rabbitmq_url: str | None, redis_url: str | None) -> None:
        self._stack = stack
        self._rabbitmq_url = rabbitmq_url
        self._redis_url = redis_url
        self._rabbitmq: RabbitServer | None = None
        self._redis: RedisServer | None = None

    def rabbitmq(self) -> RabbitServer:
        """The RabbitMQ server to use, which is started if no address was given.

        Raises:
            StopProgram: no server can be started, or the server that was named is in use.
        """
        if self._rabbitmq is None:
            if self._rabbitmq_url is not None:
                server = rabbitmq_at(self._rabbitmq_url)
                _refuse_if_used(server)
                self._rabbitmq = server
            else:
                program = RabbitProgram()
                self._stack.callback(program.close)
                self._rabbitmq = _started(program).address()
        return self._rabbitmq

    def redis(self) -> RedisServer:
        """The Redis server to use, which is started if no address was given.

        Raises:
            StopProgram: no server can be started, or the server that was named is not empty.
        """
        if self._redis is None:
            if self._redis_url is not None:
                server = redis_at(self._redis_url)
                _refuse_if_it_holds_something(server)
                self._redis = server
            else:
                program = RedisProgram()
                self._stack.callback(program.close)
                self._redis = _started(program).address()
        return self._redis


def _started(program: P) -> P:
    try:
        program.start()
    except ServerProblem as problem:
        raise StopProgram(f"{program.origin}: {problem}. {_INSTALL}") from problem
    return program


def rabbitmq_at(url: str) -> RabbitServer:
    """The server that an amqp:// URL describes. Raises StopProgram if the URL is malformed."""
    parts = urlsplit(url)
    if parts.scheme != "amqp" or not parts.hostname:
        raise StopProgram("--rabbitmq must look like amqp://user:password@host:port/vhost")
    return RabbitServer(
        host=parts.hostname,
        port=parts.port or 5672,
        management_port=0,
        user=unquote(parts.username or "guest"),
        password=unquote(parts.password or "guest"),
        vhost=unquote(parts.path[1:]) or "/",
        control=UnmanagedServer("--rabbitmq"),
        origin="--rabbitmq",
    )


def redis_at(url: str) -> RedisServer:
    """The server that a redis:// URL describes.

    Raises:
        StopProgram: the URL is malformed, or names another database than 0.
    """
    parts = urlsplit(url)
    if parts.scheme != "redis" or not parts.hostname or parts.path not in {"", "/", "/0"}:
        raise StopProgram("--redis must look like redis://:password@host:port; database 0 is used")
    return RedisServer(
        host=parts.hostname,
        port=parts.port or 6379,
        password=unquote(parts.password) if parts.password else None,
        db=0,
        control=UnmanagedServer("--redis"),
        origin="--redis",
    )


def bare_connection(server: RabbitServer) -> pika.BlockingConnection:
    """Open a connection with pika's default options, as the baselines use it."""
    return pika.BlockingConnection(
        pika.ConnectionParameters(
            host=server.host,
            port=server.port,
            virtual_host=server.vhost,
            credentials=pika.PlainCredentials(server.user, server.password),
        )
    )


def bare_redis(server: RedisServer) -> redis.Redis:
    """Make a Redis client without our own extensions, as the baselines use it."""
    return redis.Redis(host=server.host, port=server.port, password=server.password, socket_timeout=30)


def _refuse_if_used(server: RabbitServer) -> None:
    """Raise StopProgram if a queue has messages or consumers, because the benchmark fills and empties the queues."""
    try:
        connection = bare_connection(server)
        for queue in rabbitmq_topology(1).queues:
            channel = connection.channel()
            try:
                state = channel.queue_declare(queue.name, passive=True).method
            except ChannelClosedByBroker:
                continue  # there is no such queue
            if state.message_count or state.consumer_count:
                raise StopProgram(
                    f"the queue {queue.name} of --rabbitmq is in use ({state.message_count} messages, "
                    f"{state.consumer_count} consumers) and would be emptied by the bench; "
                    "name a virtual host that nothing else uses"
                )
        connection.close()
    except (AMQPError, OSError) as error:
        raise StopProgram(
            f"--rabbitmq: {type(error).__name__} {error}; is it running, are user and vhost right?"
        ) from error


def _refuse_if_it_holds_something(server: RedisServer) -> None:
    """Raise StopProgram if the database is not empty, because the benchmark empties it."""
    try:
        with bare_redis(server) as client:
            size = client.dbsize()
    except redis.RedisError as error:
        raise StopProgram(f"--redis: {error}; is it running, is the password right?") from error
    if size:
        raise StopProgram(
            f"database 0 of --redis holds {size} keys and would be emptied by the bench; name an empty Redis"
        )
