"""A demo runs whatever the `.env` of a real system says."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.common.settings.settings import BrokerKind, Settings
from services.demo.plan import sample_plan
from services.demo.settings import for_replay

OF_A_REAL_SYSTEM = {
    "REDIS_HOST": "cache.example",
    "REDIS_PORT": "6380",
    "REDIS_USER": "strategy",
    "REDIS_PASSWORD": "hidden",
    "REDIS_TLS": "true",
    "REDIS_CA_FILE": "/etc/ca.pem",
    "REDIS_CERT_FILE": "/etc/cert.pem",
    "REDIS_KEY_FILE": "/etc/key.pem",
    "STAKE_CURRENCY": "BTC",
    "STAKE_AMOUNT": "0.01",
    "DRY_RUN": "false",
    "DRY_RUN_WALLET": "0.1",
    "STRATEGY_METRICS_PORT": "9100",
    "TELEGRAM_BOT_TOKEN": "1:a",
    "NOTIFY_URLS": "phone=json://127.0.0.1/",
    "NOTIFY_NAME": "at home",
    "NOTIFY_WEBHOOK_PORT": "8109",
    "NOTIFY_WEBHOOK_TOKEN": "of-alertmanager",
}


def of_a_demo(broker: BrokerKind, tmp_path: Path) -> Settings:
    settings = Settings.load(OF_A_REAL_SYSTEM, None).changed(broker=broker)
    return for_replay(settings, sample_plan(1.0, None), tmp_path, 1)


@pytest.mark.parametrize("broker", BrokerKind)
def test_it_trades_play_money_in_the_currency_of_its_pairs(broker: BrokerKind, tmp_path: Path) -> None:
    made = of_a_demo(broker, tmp_path)
    assert made.dry_run
    assert (made.stake_currency, made.stake_amount, made.dry_run_wallet) == ("USDT", 100.0, 1000.0)
    assert made.strategy_metrics_port is None
    assert made.telegram_bot_token is None


def test_it_tells_on_the_same_channels_that_it_is_a_demo_and_takes_no_alerts_in(tmp_path: Path) -> None:
    made = of_a_demo(BrokerKind.EMBEDDED, tmp_path)
    assert made.channel_names == ("phone",)
    assert made.notify_name == "DEMO"
    assert (made.notify_webhook_port, made.notify_webhook_token) == (0, None)


def test_the_embedded_redis_is_asked_as_one_without_users_and_tls(tmp_path: Path) -> None:
    made = of_a_demo(BrokerKind.EMBEDDED, tmp_path)
    assert made.redis_host == "127.0.0.1"
    assert made.redis_port != 6380
    given = {name for name in ("redis_user", "redis_password", "redis_tls") if getattr(made, name)}
    assert given == set()
    assert {made.redis_ca_file, made.redis_cert_file, made.redis_key_file} == {None}


def test_a_redis_of_ones_own_is_asked_as_the_settings_say(tmp_path: Path) -> None:
    made = of_a_demo(BrokerKind.RABBITMQ, tmp_path)
    assert (made.redis_host, made.redis_port, made.redis_user) == ("cache.example", 6380, "strategy")
    assert made.redis_tls
    assert made.redis_ca_file == Path("/etc/ca.pem")
