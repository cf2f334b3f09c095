"""Freqtrade's configuration, made from the settings so that no value has to be set twice."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.common.files import write_whole
from services.common.secrets.secret_texts import public_part
from services.common.settings.folders import STRATEGIES
from services.common.settings.secrets import reveal
from services.common.settings.settings import Settings
from services.common.store.embedded.access import socket_of
from services.launch.freqtrade.exchange_keys import exchange_keys
from services.launch.freqtrade.trading_checks import check_trading

STRATEGY = "LLMSentimentStrategy"


def freqtrade_config(
    settings: Settings,
    *,
    database: Path,
    throttle_seconds: int = 5,
    may_enter: bool = True,
) -> dict[str, Any]:
    """The configuration for `freqtrade trade`.

    Args:
        settings: pairs, mode, stakes, keys, Telegram, API, Redis.
        database: SQLite file for Freqtrade's trades.
        throttle_seconds: shortest time between two loops of the bot.
        may_enter: whether the bot opens trades; if not, it only manages and closes open trades.

    Returns:
        A dictionary that contains secrets: write it with `write_config`, never print it.

    Raises:
        StopProgram: Freqtrade could not trade with these settings; see `check_trading`.
    """
    check_trading(settings)
    settings = with_api_secrets(settings)
    own = settings.exchange_config.get_secret_value()
    ccxt_options = public_part(own) if settings.dry_run else dict(own)
    return {
        "bot_name": "cryptoboy",
        "strategy": STRATEGY,
        "strategy_path": str(STRATEGIES),
        "timeframe": settings.strategy_timeframe,
        "trading_mode": "spot",
        "dry_run": settings.dry_run,
        "dry_run_wallet": settings.dry_run_wallet,
        "db_url": _sqlite_url(database),
        "initial_state": "running" if may_enter else "paused",
        "max_open_trades": settings.max_open_trades,
        "stake_currency": settings.stake_currency,
        "stake_amount": settings.stake_amount,
        "cancel_open_orders_on_exit": True,
        "unfilledtimeout": {"entry": 10, "exit": 10, "unit": "minutes", "exit_timeout_count": 0},
        "entry_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
        "exit_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
        "exchange": {
            "name": settings.exchange,
            **exchange_keys(settings),
            "pair_whitelist": list(settings.market_pairs),
            "pair_blacklist": [],
            "ccxt_config": ccxt_options,
            "ccxt_async_config": {},
            **({"only_from_ccxt": True} if ccxt_options else {}),
        },
        "pairlists": [{"method": "StaticPairList"}],
        "telegram": _telegram(settings),
        "api_server": {
            "enabled": True,
            "listen_ip_address": settings.freqtrade_api_host,
            "listen_port": settings.freqtrade_api_port,
            "verbosity": "error",
            "jwt_secret_key": secrets.token_hex(32),
            "username": settings.freqtrade_api_user,
            "password": reveal(settings.freqtrade_api_pass),
            "ws_token": reveal(settings.freqtrade_ws_token),
        },
        "internals": {"process_throttle_secs": throttle_seconds, "heartbeat_interval": 60},
        "cryptoboy": strategy_section(settings),
    }


def with_api_secrets(settings: Settings) -> Settings:
    """The settings with a password and a token for Freqtrade's API; those that are unset are made at random."""
    return settings.changed(
        freqtrade_api_pass=reveal(settings.freqtrade_api_pass) or secrets.token_urlsafe(24),
        freqtrade_ws_token=reveal(settings.freqtrade_ws_token) or secrets.token_urlsafe(24),
    )


def _sqlite_url(database: Path) -> str:
    """The URL of an SQLite file, with special characters escaped."""
    from sqlalchemy import URL

    return URL.create("sqlite", database=str(database)).render_as_string()


def write_config(config: Mapping[str, Any], path: Path) -> None:
    """Write a configuration file that only its owner can read, even if `path` existed with wider permissions."""
    write_whole(path, json.dumps(config, indent=2), mode=0o600)


def _telegram(settings: Settings) -> dict[str, Any]:
    token, chat = reveal(settings.telegram_bot_token), settings.telegram_chat_id or ""
    return {"enabled": bool(token and chat), "token": token, "chat_id": chat}


def strategy_section(settings: Settings) -> dict[str, Any]:
    """The strategy's section of the configuration. The section contains the password of Redis."""
    files = {
        "redis_ca_file": settings.redis_ca_file,
        "redis_cert_file": settings.redis_cert_file,
        "redis_key_file": settings.redis_key_file,
    }
    socket = socket_of(settings)
    return {
        "redis_socket": None if socket is None else str(socket),
        "redis_host": settings.redis_host,
        "redis_port": settings.redis_port,
        "redis_user": settings.redis_user,
        "redis_password": reveal(settings.redis_password) or None,
        "redis_tls": settings.redis_tls,
        **{name: str(path.resolve()) for name, path in files.items() if path is not None},
        "staleness_hours": chosen_staleness(settings),
        "metrics_host": settings.health_host,
        "metrics_port": settings.strategy_metrics_port,
    }


def chosen_staleness(settings: Settings) -> float | None:
    """The hours in the settings; None if unset: the strategy then uses its own parameter."""
    is_chosen = "sentiment_staleness_hours" in settings.model_fields_set
    return settings.sentiment_staleness_hours if is_chosen else None
