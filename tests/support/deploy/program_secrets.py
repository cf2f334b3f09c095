"""Which secrets Freqtrade may have."""

from __future__ import annotations

SECRETS_OF_FREQTRADE = frozenset(
    {
        *("exchange_key", "exchange_secret", "exchange_password", "exchange_uid", "exchange_config"),
        *("binance_api_key", "binance_api_secret", "telegram_bot_token", "freqtrade_api_pass"),
        "freqtrade_ws_token",
        "redis_password",
    }
)
"""Secrets that Freqtrade gets, in a file that only its owner can read; in a dry run without the exchange's keys."""
