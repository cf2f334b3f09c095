"""Checks that Redis and RabbitMQ, which decide what the bot does, refuse clients without a secret password."""

from __future__ import annotations

from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from services.common.broker.options import BrokerOptions
from services.common.runtime.ports import is_free
from services.common.settings.settings import BrokerKind, Settings
from services.common.store.embedded.access import LOOPBACK
from services.common.store.keys import HOLDS
from services.common.tls import TlsFiles, redis_tls
from services.launch.live.findings import Finding, fault, note

WELL_KNOWN = (("guest", "guest"), ("cryptoboy", "cryptoboy123"))
"""Users that RabbitMQ or the Compose file for development creates, with their well-known passwords."""
_KNOWN = frozenset(password for _, password in WELL_KNOWN)
_OF_RABBITMQ = frozenset({"broker", "rabbitmq_user", "rabbitmq_pass"})
_PATIENCE_SECONDS = 5.0


def redis_findings(settings: Settings) -> list[Finding]:
    """Check that Redis requires a secret password. `up` itself sets the password of the embedded Redis."""
    embedded = settings.broker is BrokerKind.EMBEDDED and settings.redis_host in LOOPBACK
    if embedded and is_free(settings.redis_port):
        return []
    found: list[Finding] = []
    if settings.redis_password is None and not embedded:
        found.append(
            fault(
                "REDIS_PASSWORD is not set: whoever reaches Redis could write sentiment and lift a pause",
                "give Redis a password (requirepass, or users: ./cryptoboy deploy redis-acl), and set REDIS_PASSWORD "
                "or REDIS_PASSWORD_FILE",
            )
        )
    elif settings.redis_password is not None and settings.redis_password.get_secret_value() in _KNOWN:
        found.append(fault("REDIS_PASSWORD is a well-known password", "choose another, here and at Redis"))
    by_socket = None if embedded else settings.redis_socket  # the embedded one's is in a closed folder
    return [*found, *_lets_in_anybody(settings, by_socket)]


def rabbitmq_findings(settings: Settings) -> list[Finding]:
    """If RabbitMQ is used, check that neither RABBITMQ_PASS nor the password of a default user is well known."""
    if settings.broker is not BrokerKind.RABBITMQ or settings.model_fields_set.isdisjoint(_OF_RABBITMQ):
        return []
    password = settings.rabbitmq_pass.get_secret_value()
    step = (
        "change it (rabbitmqctl change_password), or make users of your own, and set RABBITMQ_USER and RABBITMQ_PASS; "
        "if only Freqtrade runs here, leave BROKER and RABBITMQ_* unset"
    )
    found = []
    if password in _KNOWN or password == settings.rabbitmq_user:
        found.append(fault("RABBITMQ_PASS is a password for development, which is well known", step))
    return [*found, *_default_users(settings)]


def _lets_in_anybody(settings: Settings, socket: Path | None) -> list[Finding]:
    client = redis.Redis(
        host=settings.redis_host,
        port=settings.redis_port,
        unix_socket_path=None if socket is None else str(socket),
        **redis_tls(TlsFiles.of_redis(settings)),
        socket_timeout=settings.redis_timeout,
        socket_connect_timeout=settings.redis_timeout,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
    where = f"{settings.redis_host}:{settings.redis_port}" if socket is None else socket
    try:
        client.exists(HOLDS)
    except (redis.AuthenticationError, redis.ResponseError):
        return []
    except (redis.RedisError, OSError) as error:
        text = f"Redis at {where} could not be asked whether it lets in clients without a password"
        return [note(f"{text} ({type(error).__name__})", "start it, or check REDIS_HOST and REDIS_PORT")]
    finally:
        client.close()
    return [
        fault(
            f"Redis at {where} lets in clients without a password",
            "set requirepass, or disable its user `default` (ACL SETUSER default off)",
        )
    ]


def _default_users(settings: Settings) -> list[Finding]:
    import pika
    from pika.exceptions import AMQPError

    from services.common.broker.rabbitmq.broker import connection_parameters

    options = BrokerOptions(connect_timeout=_PATIENCE_SECONDS)
    found = []
    for user, password in WELL_KNOWN:
        tried = settings.changed(rabbitmq_user=user, rabbitmq_pass=password)
        try:
            pika.BlockingConnection(connection_parameters(tried, options)).close()
        except (pika.exceptions.ProbableAuthenticationError, pika.exceptions.ProbableAccessDeniedError):
            continue
        except (AMQPError, OSError) as error:
            where = f"{settings.rabbitmq_host}:{settings.rabbitmq_port}"
            text = f"RabbitMQ at {where} could not be asked for users with default passwords"
            return [note(f"{text} ({type(error).__name__})", "start it, or check RABBITMQ_HOST")]
        found.append(
            fault(
                f"RabbitMQ lets in the user {user} with its default password",
                f"rabbitmqctl delete_user {user}, or rabbitmqctl change_password {user}",
            )
        )
    return found
