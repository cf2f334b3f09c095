"""The API keys of live trading: which exist, which an exchange requires, and which it never gets."""

from __future__ import annotations

from dataclasses import dataclass

from services.common.errors import StopProgram
from services.common.settings.secrets import reveal
from services.common.settings.settings import Settings

BINANCE = "binance"


@dataclass(frozen=True, slots=True)
class _Credential:
    """A credential of ccxt: its name in ccxt and in Freqtrade's configuration, and the variables that hold it."""

    ccxt: str
    freqtrade: str
    variable: str
    binance: str = ""


_CREDENTIALS = (
    _Credential("apiKey", "key", "EXCHANGE_KEY", "BINANCE_API_KEY"),
    _Credential("secret", "secret", "EXCHANGE_SECRET", "BINANCE_API_SECRET"),
    _Credential("password", "password", "EXCHANGE_PASSWORD"),
    _Credential("uid", "uid", "EXCHANGE_UID"),
)
VARIABLES = (*(one.binance for one in _CREDENTIALS if one.binance), *(one.variable for one in _CREDENTIALS))
"""The variables of all credentials."""


def exchange_keys(settings: Settings) -> dict[str, str]:
    """The keys, which are secrets, by their names in Freqtrade's configuration. A dry run gets none.

    BINANCE_* are for Binance alone: another exchange never gets them.

    Raises:
        StopProgram: live trading lacks a key, or a key is given twice with different values.
    """
    found = {one.freqtrade: _value(settings, one) for one in _CREDENTIALS}
    if settings.dry_run:
        return {"key": "", "secret": ""}  # nosec B105 # none
    _check_complete(settings, found)
    return {name: value for name, value in found.items() if value}


def _value(settings: Settings, credential: _Credential) -> str:
    named = [credential.variable]
    if credential.binance and settings.exchange == BINANCE:
        named.append(credential.binance)
    given = {name: value for name in named if (value := reveal(getattr(settings, name.lower())))}
    if len(set(given.values())) > 1:
        raise StopProgram(f"{' and '.join(given)} differ, and both are the same key: keep one of them")
    return next(iter(given.values()), "")


def _check_complete(settings: Settings, found: dict[str, str]) -> None:
    wanted = _wanted_by(settings.exchange) - settings.exchange_config.get_secret_value().keys()
    ours = {one.ccxt: one for one in _CREDENTIALS}
    if strange := sorted(wanted - ours.keys()):
        raise StopProgram(
            f"EXCHANGE={settings.exchange} wants {', '.join(strange)} for live trading, which is not supported here: "
            "choose another exchange, or use a Freqtrade of your own; or set DRY_RUN=true"
        )
    if all(found[ours[name].freqtrade] for name in wanted):
        return
    needed = [one for one in _CREDENTIALS if one.ccxt in wanted]
    names = " and ".join(one.variable for one in needed)
    if settings.exchange == BINANCE:
        raise StopProgram(
            f"DRY_RUN=false needs BINANCE_API_KEY and BINANCE_API_SECRET (or {names}); or set DRY_RUN=true"
        )
    binance = [one.binance for one in needed if one.binance and getattr(settings, one.binance.lower())]
    hint = f" ({' and '.join(binance)} are sent to EXCHANGE={BINANCE} alone)" if binance else ""
    raise StopProgram(
        f"DRY_RUN=false with EXCHANGE={settings.exchange} needs {names}{hint}; or set DRY_RUN=true"
    )


def _wanted_by(exchange: str) -> set[str]:
    """The credentials, by their names in ccxt, that this exchange requires for orders."""
    import ccxt

    make = getattr(ccxt, exchange, None)
    if exchange not in ccxt.exchanges or make is None:
        raise StopProgram(f"EXCHANGE={exchange}: ccxt knows no such exchange")
    return {name for name, wanted in make().requiredCredentials.items() if wanted}
