"""The registry of services: what each is called, where it listens, what it reads, publishes and stores.

The registry determines the users and rights on RabbitMQ and Redis, the secrets that a program gets, the default ports
and health probes, what `./cryptoboy up` starts, and what the tests require of the files in deploy/ and of
docs/architecture.md.

The module imports only the standard library, the ports of health checks, the names of queues and the keys of Redis.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from services.common.broker.topology import (
    HISTORY,
    MARKET_CANDLE,
    NEWS_ARTICLE,
    NEWS_SCORED,
    RAW_NEWS_DATA,
    SENTIMENT_SIGNAL,
    SENTIMENT_SIGNALS,
    Queue,
)
from services.common.probe import USUAL_PORTS
from services.common.store.keys import (
    ANY_PAIR,
    ENTRIES,
    HOLDS,
    HOLDS_ID,
    SCORED,
    current_key,
    history_key,
    ids_key,
    signals_key,
)


class Deployment(StrEnum):
    """The ways of deployment for which the project has files."""

    COMPOSE = "compose"
    SYSTEMD = "systemd"
    KUBERNETES = "kubernetes"


MODEL_ADDRESSES = frozenset({"ollama_host", "openai_base_url"})
"""Settings that are secret only if they contain a password (http://user:password@host)."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service of this project.

    Attributes:
        name: the name of the service, its log, its user on RabbitMQ and Redis and, with dashes, its container.
        module: the Python module that is run.
        reads: the queues that the service consumes.
        publishes: the routing keys with which the service publishes.
        stores: patterns of the Redis keys that the service writes.
        store_reads: patterns of the Redis keys that the service only reads.
        further_secrets: secret settings that the service gets besides the passwords of the servers that it uses.
        deployed_by: the ways of deployment whose files start the service.
        is_optional: whether it runs only where somebody asks for it, so that nothing is wrong where it does not.
    """

    name: str
    module: str
    reads: tuple[Queue, ...] = ()
    publishes: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    store_reads: tuple[str, ...] = ()
    further_secrets: frozenset[str] = field(default=frozenset())
    deployed_by: frozenset[Deployment] = field(default=frozenset(Deployment))
    is_optional: bool = False

    @property
    def port(self) -> int:
        """The port of /health and /metrics, unless HEALTH_PORT sets another one."""
        return USUAL_PORTS[self.name]

    @property
    def container(self) -> str:
        """The service's name in Compose, Kubernetes, systemd and Prometheus, where underscores are not usual."""
        return self.name.replace("_", "-")

    @property
    def is_needed_to_trade(self) -> bool:
        """Whether news becomes a trade only while the service runs; the others record, show and tell."""
        return bool(self.publishes or (self.reads and self.stores))

    @property
    def uses_broker(self) -> bool:
        """Whether the service connects to the broker."""
        return bool(self.reads or self.publishes) or "rabbitmq_pass" in self.further_secrets

    @property
    def uses_store(self) -> bool:
        """Whether the service connects to Redis."""
        return bool(self.stores or self.store_reads) or "redis_password" in self.further_secrets

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secret settings that the service gets."""
        broker = {"rabbitmq_pass"} if self.uses_broker else set()
        store = {"redis_password"} if self.uses_store else set()
        return frozenset(broker | store) | self.further_secrets


API = "api"
"""The name of the service that answers over HTTP and serves the page; its port is API_PORT."""
RECORDER = "history_recorder"
"""The name of the service that keeps the history and follows Freqtrade."""
NOTIFIER = "notifier"
"""The name of the service that tells; it runs only where it has somebody to tell."""
_ALL = (
    Service(
        "signal_cacher",
        "services.signal_cacher.signal_cacher",
        reads=(SENTIMENT_SIGNALS,),
        stores=(
            *(key(ANY_PAIR) for key in (current_key, history_key, signals_key, ids_key)),
            *(SCORED, HOLDS, HOLDS_ID),
        ),
    ),
    Service(
        RECORDER,
        "services.history_recorder.history_recorder",
        reads=(HISTORY,),
        store_reads=(signals_key(ANY_PAIR), SCORED, HOLDS, HOLDS_ID, ENTRIES),
        # It alone reads what the bot does.
        further_secrets=frozenset({"history_url", "freqtrade_api_pass", "freqtrade_ws_token"}),
    ),
    Service(
        "sentiment_processor",
        "services.sentiment_analyzer.sentiment_processor",
        reads=(RAW_NEWS_DATA,),
        publishes=(SENTIMENT_SIGNAL, NEWS_SCORED),
        further_secrets=frozenset({"openai_api_key", *MODEL_ADDRESSES}),
    ),
    Service("news_poller", "services.data_ingestor.news_poller", publishes=(NEWS_ARTICLE,)),
    Service(
        "market_streamer",
        "services.data_ingestor.market_streamer",
        publishes=(MARKET_CANDLE,),
        # The service gets EXCHANGE_CONFIG without its credentials: see `with_secrets`.
        further_secrets=frozenset({"exchange_config"}),
    ),
    Service(
        API,
        "services.api.api",
        # It does what an operator asks for, so its users on RabbitMQ and Redis have rights like the operator's.
        further_secrets=frozenset({"rabbitmq_pass", "redis_password", "history_url"}),
    ),
    Service(
        NOTIFIER,
        "services.notifier.notifier",
        # A chat that is allowed to may set a hold and lift it.
        stores=(HOLDS, HOLDS_ID),
        store_reads=(*(key(ANY_PAIR) for key in (current_key, signals_key)), SCORED, ENTRIES),
        further_secrets=frozenset(
            {"history_url", "notify_urls", "notify_telegram_token", "notify_webhook_token"}
        ),
        is_optional=True,
    ),
)
SERVICES = {service.name: service for service in _ALL}
"""The services by name in the order in which they start: services that read messages come before publishers."""


def deployed_by(deployment: Deployment) -> tuple[Service, ...]:
    """Return the services that are started by the files of one way of deployment."""
    return tuple(service for service in _ALL if deployment in service.deployed_by)
