"""The registry of services: what each is called, where it listens, what it reads, publishes and stores.

Derived from it: users and rights of RabbitMQ and Redis, the secrets that a program gets, default ports and health
probes, what `./cryptoboy up` starts, and what the tests demand of the files in deploy/ and of docs/architecture.md.

Only the standard library and names: health probes import this, and have to start in a moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from services.common.broker.topology import (
    MARKET_CANDLE,
    NEWS_ARTICLE,
    RAW_NEWS_DATA,
    SENTIMENT_SIGNAL,
    SENTIMENT_SIGNALS,
    Queue,
)
from services.common.store.keys import (
    ANY_PAIR,
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
"""Settings that are secret where somebody wrote a password into them (http://user:password@host)."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service of this project.

    Attributes:
        name: also that of its log, of its user on RabbitMQ and Redis and, with dashes, of its container.
        module: what Python runs.
        port: of /health and /metrics, unless HEALTH_PORT says another.
        reads: the queues that it consumes.
        publishes: routing keys.
        stores: keys of Redis that it writes, as patterns.
        further_secrets: settings that it may have beside the passwords of the servers that it uses.
        deployed_by: whose files start it.
    """

    name: str
    module: str
    port: int
    reads: tuple[Queue, ...] = ()
    publishes: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    further_secrets: frozenset[str] = field(default=frozenset())
    deployed_by: frozenset[Deployment] = field(default=frozenset(Deployment))

    @property
    def container(self) -> str:
        """Its name where underscores are not usual: Compose, Kubernetes, systemd and the jobs of Prometheus."""
        return self.name.replace("_", "-")

    @property
    def uses_broker(self) -> bool:
        """Whether it connects to the broker."""
        return bool(self.reads or self.publishes)

    @property
    def secrets(self) -> frozenset[str]:
        """The settings that it may have although they are secret, named as in the settings."""
        broker = {"rabbitmq_pass"} if self.uses_broker else set()
        store = {"redis_password"} if self.stores else set()
        return frozenset(broker | store) | self.further_secrets


_ALL = (
    Service(
        "signal_cacher",
        "services.signal_cacher.signal_cacher",
        8104,
        reads=(SENTIMENT_SIGNALS,),
        stores=(
            *(key(ANY_PAIR) for key in (current_key, history_key, signals_key, ids_key)),
            *(SCORED, HOLDS, HOLDS_ID),
        ),
    ),
    Service(
        "sentiment_processor",
        "services.sentiment_analyzer.sentiment_processor",
        8103,
        reads=(RAW_NEWS_DATA,),
        publishes=(SENTIMENT_SIGNAL,),
        further_secrets=frozenset({"openai_api_key", *MODEL_ADDRESSES}),
    ),
    Service("news_poller", "services.data_ingestor.news_poller", 8101, publishes=(NEWS_ARTICLE,)),
    Service(
        "market_streamer",
        "services.data_ingestor.market_streamer",
        8102,
        publishes=(MARKET_CANDLE,),
        # Of EXCHANGE_CONFIG what is no credential: see `with_secrets`.
        further_secrets=frozenset({"exchange_config"}),
    ),
)
SERVICES = {service.name: service for service in _ALL}
"""The services by name in the order of their start: readers come before writers."""

USUAL_PORTS = {service.name: service.port for service in _ALL}
"""The port of each service for /health and /metrics where HEALTH_PORT is not set."""


def deployed_by(deployment: Deployment) -> tuple[Service, ...]:
    """The services that the files of one way of deploying start."""
    return tuple(service for service in _ALL if deployment in service.deployed_by)
