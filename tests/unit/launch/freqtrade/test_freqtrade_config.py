"""Freqtrade's configuration from the settings."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptoboy_sentiment.settings import Settings as StrategySettings
from freqtrade.configuration.config_validation import validate_config_schema
from sqlalchemy import create_engine

from services.cli.support.options import choose_parts
from services.common.settings.settings import BrokerKind, Settings
from services.launch.freqtrade.config import freqtrade_config, write_config

KEYS = {"BINANCE_API_KEY": "public-part", "BINANCE_API_SECRET": "private-part"}


def config(tmp_path: Path, **environ: str) -> dict[str, Any]:
    return freqtrade_config(Settings.load(environ, None), database=tmp_path / "trades.sqlite")


@pytest.mark.parametrize("dry_run", ["true", "false"])
def test_freqtrade_itself_finds_it_valid(tmp_path: Path, dry_run: str) -> None:
    made = config(tmp_path, DRY_RUN=dry_run, **KEYS)
    assert made["dry_run"] is (dry_run == "true")
    validate_config_schema(json.loads(json.dumps(made)))


@pytest.mark.parametrize("name", ["plain", "a b", "100%", "50%20", "why?", "number #1", "münze", "it's"])
def test_freqtrade_opens_its_database_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    made = freqtrade_config(Settings.load({}, None), database=tmp_path / name / "trades.sqlite")
    engine = create_engine(made["db_url"])
    engine.connect().close()
    engine.dispose()
    assert (tmp_path / name / "trades.sqlite").is_file()


def test_a_dry_run_never_gets_the_keys(tmp_path: Path) -> None:
    assert "private-part" not in json.dumps(config(tmp_path, **KEYS))
    live = config(tmp_path, DRY_RUN="false", **KEYS)["exchange"]
    assert (live["key"], live["secret"]) == ("public-part", "private-part")


def test_pairs_stakes_and_the_store_are_those_of_the_settings(tmp_path: Path) -> None:
    made = config(
        tmp_path,
        TRADING_PAIRS="SOL/USDT,ADA/USDT",
        STAKE_AMOUNT="25",
        MAX_OPEN_TRADES="2",
        REDIS_HOST="cache",
        REDIS_PORT="6380",
        REDIS_PASSWORD="hidden",
        SENTIMENT_STALENESS_HOURS="2",
    )
    assert made["exchange"]["pair_whitelist"] == ["SOL/USDT", "ADA/USDT"]
    assert (made["stake_amount"], made["max_open_trades"]) == (25.0, 2)
    assert made["cryptoboy"]["redis_host"] == "cache"
    assert made["cryptoboy"]["redis_port"] == 6380
    assert made["cryptoboy"]["redis_password"] == "hidden"
    assert made["cryptoboy"]["staleness_hours"] == 2.0


def test_a_staleness_that_nobody_chose_is_left_to_the_parameter_of_the_strategy(tmp_path: Path) -> None:
    # As `up` comes to them: a fitted parameter must count live as it does in a backtest.
    settings = choose_parts(Settings.load({}, None), BrokerKind.RABBITMQ).changed(state_dir=tmp_path)
    section = freqtrade_config(settings, database=tmp_path / "trades.sqlite")["cryptoboy"]
    assert StrategySettings.read(section, {}).staleness_hours is None


@pytest.mark.parametrize(
    ("environ", "enabled"),
    [
        ({}, False),
        ({"TELEGRAM_BOT_TOKEN": "1:a"}, False),
        ({"TELEGRAM_CHAT_ID": "7"}, False),
        ({"TELEGRAM_BOT_TOKEN": "1:a", "TELEGRAM_CHAT_ID": "7"}, True),
    ],
)
def test_telegram_is_on_once_it_is_complete(tmp_path: Path, environ: dict[str, str], enabled: Any) -> None:
    assert config(tmp_path, **environ)["telegram"]["enabled"] is enabled


def test_the_api_has_a_password_nobody_can_guess_unless_one_is_given(tmp_path: Path) -> None:
    first, second = (config(tmp_path)["api_server"]["password"] for _ in range(2))
    assert first != second
    assert len(first) >= 24
    assert config(tmp_path, FREQTRADE_API_PASS="mine")["api_server"]["password"] == "mine"


def test_only_its_owner_can_read_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    write_config({"a": 1}, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == {"a": 1}


def test_a_configuration_replaces_a_file_that_others_may_read_or_have_open(tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "freqtrade.json", tmp_path / "elsewhere"
    path.write_text("{}")
    path.chmod(0o644)
    with path.open() as opened_before:
        write_config({"exchange": {"key": "secret"}}, path)
        assert opened_before.read() == "{}"
    assert path.stat().st_mode & 0o777 == 0o600
    path.unlink()
    path.symlink_to(elsewhere)
    write_config({"exchange": {"key": "secret"}}, path)
    assert not elsewhere.exists()
