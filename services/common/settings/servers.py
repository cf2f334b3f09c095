"""The variables of the servers: the broker with its queues, and Redis."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0)]


class BrokerKind(StrEnum):
    """Where messages live."""

    RABBITMQ = "rabbitmq"
    EMBEDDED = "embedded"


class BrokerSettings(BaseSettings):
    """The part of `Settings` that says where messages are and how they are kept."""

    broker: Annotated[
        BrokerKind, Field(description="rabbitmq, or embedded for one machine without servers")
    ] = BrokerKind.RABBITMQ
    rabbitmq_host: Annotated[str, Field(min_length=1, description="RabbitMQ's address")] = "localhost"
    rabbitmq_port: Annotated[Port, Field(description="RabbitMQ's AMQP port; with TLS usually 5671")] = 5672
    rabbitmq_user: Annotated[
        str, Field(min_length=1, description="RabbitMQ user; the default is for development only")
    ] = "cryptoboy"
    rabbitmq_pass: Annotated[
        SecretStr, Field(description="its password; the default is for development only")
    ] = SecretStr("cryptoboy123")
    rabbitmq_vhost: Annotated[str, Field(min_length=1, description="RabbitMQ virtual host")] = "/"
    rabbitmq_management_port: Annotated[
        Port, Field(description="port of RabbitMQ's management UI and API")
    ] = 15672
    rabbitmq_declare: Annotated[
        bool,
        Field(description="declare exchanges and queues at start; false: only check that they are there"),
    ] = True
    rabbitmq_tls: Annotated[bool, Field(description="speak TLS to RabbitMQ and its management API")] = False
    rabbitmq_ca_file: Annotated[
        Path | None,
        Field(description="CA that RabbitMQ's certificate is checked against; unset: the system's"),
    ] = None
    rabbitmq_cert_file: Annotated[
        Path | None, Field(description="our own certificate, where RabbitMQ asks for one")
    ] = None
    rabbitmq_key_file: Annotated[Path | None, Field(description="the key of that certificate")] = None
    queue_max_length: Annotated[
        int,
        Field(
            ge=1,
            description="length at which a queue refuses (news, signals) or drops its oldest (candles)",
        ),
    ] = 100_000
    retry_max_attempts: Annotated[
        int, Field(ge=1, le=100, description="failures of one message before it is dead-lettered")
    ] = 5
    dead_letter_limit: Annotated[
        int,
        Field(
            ge=0,
            le=10_000,
            description="a reader stops when so many of the last messages (two more) became dead letters; 0: never",
        ),
    ] = 10
    state_dir: Annotated[
        Path, Field(description="folder for what a service must remember: seen articles, the embedded queue")
    ] = Path("var")


class StoreSettings(BaseSettings):
    """The part of `Settings` that says where sentiment is stored and for how long."""

    redis_host: Annotated[str, Field(min_length=1, description="Redis's address")] = "localhost"
    redis_port: Annotated[Port, Field(description="Redis's port")] = 6379
    redis_socket: Annotated[
        Path | None,
        Field(
            description="Unix socket of Redis, used instead of its address; the embedded Redis has one in STATE_DIR"
        ),
    ] = None
    redis_user: Annotated[
        str | None, Field(min_length=1, description="Redis user; unset: the default user")
    ] = None
    redis_password: Annotated[SecretStr | None, Field(description="its password, if it has one")] = None
    redis_tls: Annotated[bool, Field(description="speak TLS to Redis")] = False
    redis_ca_file: Annotated[
        Path | None, Field(description="CA that Redis's certificate is checked against; unset: the system's")
    ] = None
    redis_cert_file: Annotated[
        Path | None, Field(description="our own certificate, where Redis asks for one")
    ] = None
    redis_key_file: Annotated[Path | None, Field(description="the key of that certificate")] = None
    redis_timeout: Annotated[Seconds, Field(description="longest wait for an answer of Redis")] = 2.0
    signal_cache_ttl: Annotated[int, Field(ge=0, description="expiry of a pair's keys in Redis; 0: none")] = 0
    signal_history_hours: Annotated[
        int,
        Field(
            ge=1,
            le=24 * 366,
            description="how long a signal stays in sentiment_signals:{PAIR}; longer where it would still be fresh",
        ),
    ] = 48
    signal_prefetch: Annotated[
        int,
        Field(
            ge=1,
            le=10_000,
            description="signals that RabbitMQ delivers to a cacher before the first is acknowledged",
        ),
    ] = 300
    sentiment_staleness_hours: Annotated[
        float,
        Field(
            gt=0,
            description="age by publication at which sentiment is none; unset: 4, in the strategy its parameter",
        ),
    ] = 4.0
