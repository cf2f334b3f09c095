"""The settings of a demo: a replay instead of live data, and a dry run even if live trading is configured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from services.common.runtime.ports import free_port
from services.common.settings.api import ApiSettings
from services.common.settings.history import HISTORY_FIELDS
from services.common.settings.settings import BrokerKind, Settings
from services.common.store.embedded.access import with_socket
from services.demo.plan import DemoPlan
from services.launch.freqtrade import exchange_keys
from services.launch.freqtrade.config import with_api_secrets
from services.replay_exchange.ccxt_config import ccxt_config

# An archive may have many sources, and each poll takes processor time.
POLLS_PER_SECOND = 6.0
# Settings that are meant for a real system and would only hinder a demo.
_AS_IF_UNSET = frozenset(
    {
        *("stake_amount", "max_open_trades", "dry_run_wallet", "strategy_metrics_port"),
        *HISTORY_FIELDS,
        *(name for name in ApiSettings.model_fields if name.startswith("api_")),
        *("notify_webhook_port", "notify_webhook_token"),
        *(variable.lower() for variable in exchange_keys.VARIABLES),
    }
)
_OF_THE_SERVER = frozenset(
    {
        *("redis_socket", "redis_user", "redis_password"),
        *("redis_tls", "redis_ca_file", "redis_cert_file", "redis_key_file"),
    }
)


def for_replay(settings: Settings, plan: DemoPlan, run_dir: Path, exchange_port: int) -> Settings:
    """Return the settings of every program of a demo. Embedded parts get no settings that are meant for servers."""
    ignored = _AS_IF_UNSET
    changes: dict[str, Any] = {
        "trading_pairs": plan.pairs,
        "stake_currency": plan.pairs[0].partition("/")[2],
        "candle_timeframe": plan.timeframe,
        "strategy_timeframe": plan.timeframe,
        "exchange": "binance",
        "exchange_config": ccxt_config(f"http://127.0.0.1:{exchange_port}", speed=plan.speed),
        "news_sources_file": run_dir / "news_sources.toml",
        "news_poll_interval": max(1.0, len({article.source for article in plan.articles}) / POLLS_PER_SECOND),
        "state_dir": run_dir / "state",
        "dry_run": True,
        "telegram_bot_token": None,  # nosec B105 # none
        "notify_name": "DEMO",
        "freqtrade_api_host": "127.0.0.1",
        "freqtrade_api_port": free_port(),
        "api_port": free_port(),
        "api_note": plan.note(has_ended=False),
    }
    if settings.broker is BrokerKind.EMBEDDED:
        ignored |= _OF_THE_SERVER
        changes |= {"redis_host": "127.0.0.1", "redis_port": free_port()}
    kept = settings.model_dump(exclude_unset=True, exclude=set(ignored))
    made = with_api_secrets(Settings(**{**kept, **changes}))
    return with_socket(made) if made.broker is BrokerKind.EMBEDDED else made
