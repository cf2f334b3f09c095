"""The variables of the servers: the broker with its queues, and Redis."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, Field, SecretStr

from services.common.settings.folders import STATE
from services.common.settings.types import Port, Seconds


class BrokerKind(StrEnum):
    """The kinds of brokers that transport messages."""

    RABBITMQ = "rabbitmq"
    EMBEDDED = "embedded"


class BrokerSettings(BaseModel):
    """The part of `Settings` that says where messages are and how they are kept."""

    broker: BrokerKind = Field(
        BrokerKind.RABBITMQ, description="rabbitmq, or embedded for one machine without servers"
    )
    rabbitmq_host: str = Field("localhost", min_length=1, description="RabbitMQ's address")
    rabbitmq_port: Port = Field(5672, description="RabbitMQ's AMQP port; with TLS usually 5671")
    rabbitmq_user: str = Field(
        "cryptoboy", min_length=1, description="RabbitMQ user; the default is for development only"
    )
    rabbitmq_pass: SecretStr = Field(
        SecretStr("cryptoboy123"), description="its password; the default is for development only"
    )
    rabbitmq_vhost: str = Field("/", min_length=1, description="RabbitMQ virtual host")
    rabbitmq_management_port: Port = Field(15672, description="port of RabbitMQ's management UI and API")
    rabbitmq_declare: bool = Field(
        True, description="declare exchanges and queues at start; false: only check that they are there"
    )
    rabbitmq_tls: bool = Field(False, description="speak TLS to RabbitMQ and its management API")
    rabbitmq_ca_file: Path | None = Field(
        None, description="CA that RabbitMQ's certificate is checked against; unset: the system's"
    )
    rabbitmq_cert_file: Path | None = Field(
        None, description="our own certificate, where RabbitMQ asks for one"
    )
    rabbitmq_key_file: Path | None = Field(None, description="the key of that certificate")
    queue_max_length: int = Field(
        100_000,
        ge=1,
        description="length at which a queue refuses (news, signals) or drops its oldest (candles, history)",
    )
    retry_max_attempts: int = Field(
        5, ge=1, le=100, description="failures of one message before it is dead-lettered"
    )
    dead_letter_limit: int = Field(
        10,
        ge=0,
        le=10_000,
        description="a reader stops when so many of the last messages (two more) became dead letters; 0: never",
    )
    state_dir: Path = Field(
        STATE, description="folder for what a service must remember: seen articles, the embedded queue"
    )


class StoreSettings(BaseModel):
    """The part of `Settings` that says where sentiment is stored and for how long."""

    redis_host: str = Field("localhost", min_length=1, description="Redis's address")
    redis_port: Port = Field(6379, description="Redis's port")
    redis_socket: Path | None = Field(
        None,
        description="Unix socket of Redis, used instead of its address; the embedded Redis has one in STATE_DIR",
    )
    redis_user: str | None = Field(None, min_length=1, description="Redis user; unset: the default user")
    redis_password: SecretStr | None = Field(None, description="its password, if it has one")
    redis_tls: bool = Field(False, description="speak TLS to Redis")
    redis_ca_file: Path | None = Field(
        None, description="CA that Redis's certificate is checked against; unset: the system's"
    )
    redis_cert_file: Path | None = Field(None, description="our own certificate, where Redis asks for one")
    redis_key_file: Path | None = Field(None, description="the key of that certificate")
    redis_timeout: Seconds = Field(2.0, description="longest wait for an answer of Redis")
    signal_cache_ttl: int = Field(0, ge=0, description="expiry of a pair's keys in Redis; 0: none")
    signal_history_hours: int = Field(
        48,
        ge=1,
        le=24 * 366,
        description="how long a signal stays in sentiment_signals:{PAIR}; longer where it would still be fresh",
    )
    signal_prefetch: int = Field(
        300,
        ge=1,
        le=10_000,
        description="signals that RabbitMQ delivers to a cacher before the first is acknowledged",
    )
    sentiment_staleness_hours: float = Field(
        4.0,
        gt=0,
        description="age by publication at which sentiment is none; unset: 4, in the strategy its parameter",
    )
