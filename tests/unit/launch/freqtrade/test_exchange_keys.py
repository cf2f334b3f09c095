"""Live trading needs the keys that its exchange wants, and no other exchange gets them."""

from __future__ import annotations

import pytest

from services.common.errors import StopProgram
from services.common.settings.settings import Settings
from services.launch.freqtrade.exchange_keys import exchange_keys

BINANCE = {"BINANCE_API_KEY": "b-key", "BINANCE_API_SECRET": "b-secret"}
ANY = {"EXCHANGE_KEY": "x-key", "EXCHANGE_SECRET": "x-secret"}


def keys(**environ: str) -> dict[str, str]:
    return exchange_keys(Settings.load({"DRY_RUN": "false"} | environ, None))


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (BINANCE, {"key": "b-key", "secret": "b-secret"}),
        (ANY, {"key": "x-key", "secret": "x-secret"}),
        (
            {"EXCHANGE_KEY": "x-key", "BINANCE_API_SECRET": "b-secret"},
            {"key": "x-key", "secret": "b-secret"},
        ),
        (ANY | {"BINANCE_API_KEY": "x-key"}, {"key": "x-key", "secret": "x-secret"}),
        (ANY | {"EXCHANGE": "kraken"}, {"key": "x-key", "secret": "x-secret"}),
        (ANY | BINANCE | {"EXCHANGE": "kraken"}, {"key": "x-key", "secret": "x-secret"}),
        (
            ANY | {"EXCHANGE": "okx", "EXCHANGE_PASSWORD": "phrase"},
            {"key": "x-key", "secret": "x-secret", "password": "phrase"},
        ),
        (
            ANY | {"EXCHANGE": "kraken", "EXCHANGE_UID": "7"},
            {"key": "x-key", "secret": "x-secret", "uid": "7"},
        ),
    ],
)
def test_the_keys_of_the_exchange_go_to_it(environ: dict[str, str], expected: dict[str, str]) -> None:
    assert keys(**environ) == expected
    assert exchange_keys(Settings.load(environ, None)) == {"key": "", "secret": ""}, "a dry run has none"


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, r"needs BINANCE_API_KEY and BINANCE_API_SECRET \(or EXCHANGE_KEY and EXCHANGE_SECRET\)"),
        ({"EXCHANGE_KEY": "x"}, "needs BINANCE_API_KEY and BINANCE_API_SECRET"),
        (
            BINANCE | {"EXCHANGE": "kraken"},
            r"needs EXCHANGE_KEY and EXCHANGE_SECRET \(BINANCE_API_KEY and BINANCE_API_SECRET are sent to EXCHANGE=",
        ),
        (
            ANY | {"EXCHANGE": "okx"},
            "EXCHANGE=okx needs EXCHANGE_KEY and EXCHANGE_SECRET and EXCHANGE_PASSWORD",
        ),
        (ANY | {"EXCHANGE": "hyperliquid"}, "hyperliquid wants privateKey, walletAddress .* not supported"),
        (ANY | {"EXCHANGE": "krakken"}, "EXCHANGE=krakken: ccxt knows no such exchange"),
    ],
)
def test_what_is_missing_is_named_with_its_variables_and_no_key_is_shown(
    environ: dict[str, str], said: str
) -> None:
    with pytest.raises(StopProgram, match=said) as refused:
        keys(**environ)
    assert "x-key" not in str(refused.value)
    assert "b-key" not in str(refused.value)


@pytest.mark.parametrize("dry_run", ["true", "false"])
def test_a_key_that_is_given_twice_and_differs_is_refused(dry_run: str) -> None:
    with pytest.raises(StopProgram, match="EXCHANGE_KEY and BINANCE_API_KEY differ") as refused:
        keys(**ANY, **BINANCE, DRY_RUN=dry_run)
    assert "x-key" not in str(refused.value)
