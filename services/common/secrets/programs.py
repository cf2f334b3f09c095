"""Which secrets a program gets, and how all other secrets are removed from its settings."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import Secret

from services.common.secrets.secret_texts import public_part, secrets_of_urls
from services.common.services import MODEL_ADDRESSES
from services.common.settings.report import is_secret
from services.common.settings.settings import Settings

SECRETS_OF_REDIS = frozenset({"redis_password"})
"""Secrets that the embedded Redis gets."""


def with_secrets(settings: Settings, allowed: Collection[str]) -> Settings:
    """Return the settings of a program that gets only the `allowed` secrets. Other secrets have their defaults.

    The credentials are removed from EXCHANGE_CONFIG even if `allowed` contains that variable: they are for trading,
    and only Freqtrade trades.
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
