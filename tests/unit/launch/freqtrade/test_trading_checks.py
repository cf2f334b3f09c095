"""Settings with which Freqtrade would not trade as they say are refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli import trade, up
from services.common.errors import StopProgram
from services.common.settings.settings import Settings
from services.launch.freqtrade.config import freqtrade_config
from services.launch.freqtrade.trading_checks import check_trading
from services.operations.checks.all import all_checks
from services.operations.checks.check import run_check

EUROS = {"TRADING_PAIRS": "BTC/EUR,ETH/EUR", "EXCHANGE": "kraken"}
REFUSED = [
    (
        EUROS,
        r"STAKE_CURRENCY=USDT, but TRADING_PAIRS has BTC/EUR, ETH/EUR: .* Either set STAKE_CURRENCY=EUR, or .* /USDT$",
    ),
    (
        {"TRADING_PAIRS": "BTC/USDT,ETH/BTC"},
        "TRADING_PAIRS has ETH/BTC: .* Either name only pairs in TRADING_PAIRS that end in /USDT",
    ),
    (
        {"TRADING_PAIRS": "BTC/USD"},
        "STAKE_CURRENCY=USDT, but TRADING_PAIRS has BTC/USD: .*set STAKE_CURRENCY=USD,",
    ),
    (
        {"TRADING_PAIRS": "BTC/USDT:USDT,ETH/USDT"},
        "TRADING_PAIRS: BTC/USDT:USDT are futures, and only spot is traded here. Write BTC/USDT ",
    ),
    (
        {"TRADING_PAIRS": "SOL,BTC"},
        "TRADING_PAIRS=SOL,BTC has no pair: .* not traded. Add pairs, such as SOL/USDT, or run without the bot",
    ),
    (
        {"STAKE_AMOUNT": "unlimited", "MAX_OPEN_TRADES": "-1"},
        "STAKE_AMOUNT=unlimited divides the balance by MAX_OPEN_TRADES",
    ),
    (
        {"STAKE_AMOUNT": "1000"},
        "STAKE_AMOUNT=1000 is more than a dry run can pay: 0.99 of DRY_RUN_WALLET=1000",
    ),
]


def settings(**environ: str) -> Settings:
    return Settings.load(environ, None)


@pytest.mark.parametrize(("environ", "said"), REFUSED)
def test_what_freqtrade_would_drop_or_never_trade_is_refused_with_the_variables_to_change(
    environ: dict[str, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(StopProgram, match=said):
        check_trading(settings(**environ))
    with pytest.raises(StopProgram, match=said):
        freqtrade_config(settings(**environ), database=tmp_path / "trades.sqlite")


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(StopProgram, match=r"STAKE_CURRENCY=USDT.*; STAKE_AMOUNT=5000 is more"):
        check_trading(settings(**EUROS, STAKE_AMOUNT="5000"))


@pytest.mark.parametrize(
    "environ",
    [
        EUROS | {"STAKE_CURRENCY": "eur"},
        {"TRADING_PAIRS": "BTC/USDT,SOL"},
        {"TRADING_PAIRS": "btc/usdt eth / usdt;BNB/USDT"},
        {"STAKE_AMOUNT": "Unlimited"},
        {"MAX_OPEN_TRADES": "-1"},
        {"STAKE_AMOUNT": "990"},
    ],
)
def test_what_freqtrade_can_do_is_accepted_by_it_as_well(environ: dict[str, str], tmp_path: Path) -> None:
    from freqtrade.configuration.config_validation import validate_config_consistency

    made = freqtrade_config(settings(**environ), database=tmp_path / "trades.sqlite")
    validate_config_consistency(made | {"stoploss": -0.03, "minimal_roi": {}})


@pytest.mark.parametrize("command", [up.up, trade.trade])
def test_nothing_is_started_with_it(command: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {**EUROS, "STATE_DIR": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StopProgram, match="STAKE_CURRENCY"):
        command()  # type: ignore[operator]  # both are functions without arguments
    assert not list(tmp_path.iterdir())


def test_doctor_finds_it() -> None:
    (question,) = [each for each in all_checks(settings(**EUROS)) if each.name == "freqtrade configuration"]
    found = run_check(question)
    assert (found.state, "set STAKE_CURRENCY=EUR" in found.found) == ("failed", True)


def test_a_service_that_does_not_trade_takes_any_pair() -> None:
    assert settings(**EUROS).trading_pairs == ("BTC/EUR", "ETH/EUR")
    assert settings(TRADING_PAIRS="BTC/USDT:USDT").trading_pairs == ("BTC/USDT:USDT",)


def test_an_asset_is_scored_and_not_in_the_bots_whitelist(tmp_path: Path) -> None:
    made = freqtrade_config(settings(TRADING_PAIRS="SOL,BTC/USDT"), database=tmp_path / "trades.sqlite")
    assert made["exchange"]["pair_whitelist"] == ["BTC/USDT"]
