"""The registry of services: what each is called, reads, publishes and stores, and which secrets it may have.

Secrets are named as in the settings. A secret that is listed for no program is given to none.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from pydantic import Secret

from services.common.broker.topology import (
    MARKET_CANDLE,
    NEWS_ARTICLE,
    RAW_NEWS_DATA,
    SENTIMENT_SIGNAL,
    SENTIMENT_SIGNALS,
)
from services.common.secrets.secret_texts import public_part, secrets_of_urls
from services.common.settings.report import is_secret
from services.common.settings.settings import Settings
from services.common.store.keys import SCORED


@dataclass(frozen=True, slots=True)
class Service:
    """A service of ours.

    Attributes:
        name: also that of its log, its user of the broker and, with a dash, its container.
        module: what Python runs.
        port: of /health and /metrics, unless HEALTH_PORT says another.
        reads: queues.
        publishes: routing keys.
        stores: keys of Redis, without the pair.
        secrets: settings that it may have.
    """

    name: str
    module: str
    port: int
    reads: tuple[str, ...] = ()
    publishes: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    secrets: frozenset[str] = field(default=frozenset())


MODEL_ADDRESSES = frozenset({"ollama_host", "openai_base_url"})
"""Settings that are secret where somebody wrote a password into them (http://user:password@host)."""

_ALL = (
    Service(
        "signal_cacher",
        "services.signal_cacher.signal_cacher",
        8104,
        reads=(SENTIMENT_SIGNALS.name,),
        stores=("sentiment", "sentiment_history", "sentiment_signals", "sentiment_ids", SCORED),
        secrets=frozenset({"rabbitmq_pass", "redis_password"}),
    ),
    Service(
        "sentiment_processor",
        "services.sentiment_analyzer.sentiment_processor",
        8103,
        reads=(RAW_NEWS_DATA.name,),
        publishes=(SENTIMENT_SIGNAL,),
        secrets=frozenset({"rabbitmq_pass", "openai_api_key", *MODEL_ADDRESSES}),
    ),
    Service(
        "news_poller",
        "services.data_ingestor.news_poller",
        8101,
        publishes=(NEWS_ARTICLE,),
        secrets=frozenset({"rabbitmq_pass"}),
    ),
    Service(
        "market_streamer",
        "services.data_ingestor.market_streamer",
        8102,
        publishes=(MARKET_CANDLE,),
        # Of EXCHANGE_CONFIG what is no credential: see `with_secrets`.
        secrets=frozenset({"rabbitmq_pass", "exchange_config"}),
    ),
)
SERVICES = {service.name: service for service in _ALL}
"""By name, the readers before the writers."""

SECRETS_OF_REDIS = frozenset({"redis_password"})
"""Secrets that the embedded Redis gets."""

SECRETS_OF_FREQTRADE = frozenset(
    {
        *("exchange_key", "exchange_secret", "exchange_password", "exchange_uid", "exchange_config"),
        *("binance_api_key", "binance_api_secret", "telegram_bot_token", "freqtrade_api_pass"),
        "redis_password",
    }
)
"""Secrets that Freqtrade gets, in a file that only its owner can read; in a dry run without the exchange's keys."""


def with_secrets(settings: Settings, allowed: Collection[str]) -> Settings:
    """The settings of a program that gets only these secrets; all others have their defaults, as if unset.

    EXCHANGE_CONFIG loses its credentials even where it is allowed: only Freqtrade trades and needs them.
    """
    secret = {name for name, info in type(settings).model_fields.items() if is_secret(info)}
    secret |= {name for name in MODEL_ADDRESSES if secrets_of_urls(getattr(settings, name))}
    changes = {
        name: type(settings).model_fields[name].get_default(call_default_factory=True)
        for name in secret - set(allowed)
    }
    if "exchange_config" in allowed:
        config = settings.exchange_config.get_secret_value()
        changes["exchange_config"] = Secret(public_part(config))
    return settings.changed(**changes)
