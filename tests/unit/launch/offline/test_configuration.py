"""The configuration that is added to a user's own."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import ccxt
import pytest
from freqtrade.misc import deep_merge_dicts

from services.common.errors import StopProgram
from services.launch.offline.configuration import (
    Addition,
    Markets,
    addition,
    environment_without_ours,
    is_futures,
    refuse_live_trading,
    users_configuration,
)
from services.launch.offline.freqtrade_call import read_call

URL = "http://127.0.0.1:8085"
MARKETS = Markets(URL, 1.0, ("ADA/EUR", "BTC/USDT", "ETH/USDT"), ("BTC/USDT:USDT", "ETH/USDT:USDT"))
KRAKEN: dict[str, Any] = {
    "dry_run": True,
    "stake_currency": "USDT",
    "exchange": {
        "name": "kraken",
        "key": "a key",
        "secret": "a secret",
        "pair_whitelist": ["BTC/USDT", "DOGE/USDT", ".*/EUR"],
        "ccxt_config": {"apiKey": "another key", "httpsProxy": "http://10.0.0.1:3128", "timeout": 5},
    },
    "telegram": {"enabled": True, "token": "1:x", "chat_id": "2"},
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.json"


def added(config: Path, user: dict[str, Any], *words: str) -> Addition:
    """What is added to this configuration for a command; `trade` unless words say otherwise."""
    config.write_text(json.dumps(user))
    call = read_call(["freqtrade", *(words or ("trade",)), "--config", str(config)])
    return addition(call, users_configuration(call), MARKETS)


def addresses(value: object) -> list[str]:
    """All texts in a tree of addresses."""
    if isinstance(value, dict):
        return [each for inner in value.values() for each in addresses(inner)]
    return [str(value)]


def test_another_exchange_its_keys_and_its_proxies_are_replaced_and_it_is_said(config: Path) -> None:
    both = added(config, KRAKEN)
    exchange = both.config["exchange"]
    assert (exchange["name"], exchange["key"], exchange["secret"]) == ("binance", "", "")
    assert (exchange["ccxt_config"]["apiKey"], exchange["ccxt_config"]["httpsProxy"]) == ("", None)
    assert "kraken is replaced" in both.notes[0]
    assert "API keys" in both.notes[1]
    assert both.config["dry_run"] is True


@pytest.mark.parametrize("section", ["ccxt_config", "ccxt_sync_config", "ccxt_async_config"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sandbox": True},
        {"testnet": True},
        {"options": {"sandbox": True}},
        {"urls": {"api": {"public": "https://exchange.example/api"}}},
    ],
)
def test_ccxt_has_no_address_but_those_on_loopback_whatever_the_configuration_asks_for(
    config: Path, section: str, options: dict[str, Any]
) -> None:
    user = KRAKEN | {"exchange": KRAKEN["exchange"] | {"demo_trading": True, section: options}}
    ours = json.loads(json.dumps(added(config, user).config["exchange"]))
    # As Freqtrade merges first the files, and then the sections.
    exchange = deep_merge_dicts(ours, copy.deepcopy(user["exchange"]))
    assert exchange["demo_trading"] is False
    for part in ("ccxt_sync_config", "ccxt_async_config"):
        merged = deep_merge_dicts(exchange.get(part, {}), copy.deepcopy(exchange["ccxt_config"]))
        found = addresses(ccxt.binance(merged).urls["api"])
        assert len(found) > 15
        assert all(each.startswith((URL, "ws://127.0.0.1:8085/")) for each in found)


def test_proxies_of_the_environment_are_not_asked(config: Path) -> None:
    options = {"aiohttp_trust_env": True, "trust_env": True}
    exchange = added(config, {"exchange": {"ccxt_config": options}}).config["exchange"]
    assert [exchange["ccxt_config"][name] for name in options] == [False, False]


def test_pairs_without_candles_are_named(config: Path) -> None:
    assert "no candles, so not traded: DOGE/USDT" in added(config, KRAKEN).notes


def test_a_configuration_of_which_no_pair_was_recorded_is_refused(config: Path) -> None:
    exchange = {"name": "binance", "pair_whitelist": ["SOL/USDT"]}
    with pytest.raises(StopProgram, match=r"SOL/USDT.*there are ADA/EUR, BTC/USDT"):
        added(config, KRAKEN | {"exchange": exchange})


def test_a_bot_starts_to_trade_unless_its_configuration_says_otherwise(config: Path) -> None:
    assert added(config, KRAKEN).config["initial_state"] == "running"
    assert added(config, KRAKEN | {"initial_state": "stopped"}).config["initial_state"] == "stopped"


def test_futures_trade_contracts_without_funding(config: Path) -> None:
    user = KRAKEN | {"trading_mode": "futures", "exchange": {"pair_whitelist": ["BTC/USDT:USDT"]}}
    both = added(config, user, "backtesting")
    assert both.config["exchange"]["ccxt_config"]["options"]["fetchMarkets"]["types"] == ["linear"]
    assert (both.config["margin_mode"], both.config["futures_funding_rate"]) == ("isolated", 0)


def test_spot_without_spot_candles_says_how_to_trade_contracts(config: Path) -> None:
    config.write_text(json.dumps(KRAKEN))
    call = read_call(["freqtrade", "trade", "--config", str(config)])
    with pytest.raises(StopProgram, match="trading_mode to futures"):
        addition(call, KRAKEN, Markets(URL, 1.0, (), MARKETS.contracts))


def test_without_a_configuration_the_pairs_of_the_commonest_currency_are_traded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    call = read_call(["freqtrade", "backtesting", "--strategy", "Any"])
    both = addition(call, users_configuration(call), MARKETS)
    assert both.config["stake_currency"] == "USDT"
    assert both.config["exchange"]["pair_whitelist"] == ["BTC/USDT", "ETH/USDT"]
    assert "without a configuration file" in both.notes[-1]


@pytest.mark.parametrize(("user", "words"), [({"dry_run": False}, ["trade"]), ({"a": 1}, ["trade"])])
def test_live_trading_is_refused(user: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(StopProgram, match="live trading"):
        refuse_live_trading(read_call(["freqtrade", *words]), user)


def test_a_live_configuration_may_be_backtested_and_run_dry() -> None:
    refuse_live_trading(read_call(["freqtrade", "backtesting"]), {"dry_run": False})
    refuse_live_trading(read_call(["freqtrade", "trade", "--dry-run"]), {"dry_run": False})


def test_variables_of_freqtrade_count_as_the_users_configuration_and_cannot_override_ours(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FREQTRADE__EXCHANGE__NAME", "bybit")
    monkeypatch.setenv("FREQTRADE__MAX_OPEN_TRADES", "7")
    assert "bybit is replaced" in added(config, KRAKEN).notes[0]
    environ = {
        "FREQTRADE__EXCHANGE__NAME": "bybit",
        "FREQTRADE__MAX_OPEN_TRADES": "7",
        "freqtrade__dry_run": "f",
    }
    assert environment_without_ours(environ) == {"FREQTRADE__MAX_OPEN_TRADES": "7"}


@pytest.mark.parametrize("content", [None, "{", "[]", '"text"'])
def test_a_configuration_that_cannot_be_read_is_named(config: Path, content: str | None) -> None:
    if content is not None:
        config.write_text(content)
    with pytest.raises(StopProgram, match=r"config\.json"):
        users_configuration(read_call(["freqtrade", "trade", "--config", str(config)]))


@pytest.mark.parametrize("exchange", ["binance", ["binance"], True])
def test_an_exchange_that_is_no_object_is_refused_with_an_example(config: Path, exchange: object) -> None:
    with pytest.raises(StopProgram, match=r'exchange is .* expected an object.*"name": "binance"'):
        added(config, KRAKEN | {"exchange": exchange})


def test_margin_trading_is_refused() -> None:
    with pytest.raises(StopProgram, match="spot or futures"):
        is_futures(read_call(["freqtrade", "trade"]), {"trading_mode": "margin"})
