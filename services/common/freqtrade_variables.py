"""Freqtrade's own variables, FREQTRADE__SECTION__KEY, which override its configuration file.

Our settings are the only way to configure Freqtrade. A variable that somebody exported for another Freqtrade could
make our Freqtrade use real money, other keys or other stakes than the settings and the confirmation say. So these
variables are removed from the environment of every Freqtrade that we run, and variables about money are refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.common.errors import StopProgram
from services.common.text.plain_text import without_control

PREFIX = "FREQTRADE__"
_OURS = {
    "dry_run": "DRY_RUN",
    "dry_run_wallet": "DRY_RUN_WALLET",
    "stake_currency": "STAKE_CURRENCY",
    "stake_amount": "STAKE_AMOUNT",
    "max_open_trades": "MAX_OPEN_TRADES",
    "exchange": "EXCHANGE, EXCHANGE_KEY, EXCHANGE_SECRET and EXCHANGE_CONFIG",
}
"""The sections of Freqtrade's configuration that are about money, each with our variable for the section."""
_WITHOUT_OURS = frozenset(
    {
        *(
            "available_capital",
            "tradable_balance_ratio",
            "amend_last_stake_amount",
            "last_stake_amount_min_ratio",
        ),
        *("amount_reserve_percent", "trading_mode", "margin_mode", "liquidation_buffer", "leverage"),
        *("position_adjustment_enable", "max_entry_position_adjustment", "force_entry_enable"),
    }
)
"""The sections about money for which we have no variable. The settings leave these sections unchanged."""


def freqtrade_variables(environ: Mapping[str, str]) -> list[str]:
    """Return the names of Freqtrade's variables, also those in lower case, which Freqtrade itself does not read."""
    return sorted(name for name in environ if name.upper().startswith(PREFIX))


def without_freqtrade_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without Freqtrade's variables, so that only its configuration file is used."""
    return {name: value for name, value in environ.items() if not name.upper().startswith(PREFIX)}


def refuse_variables_about_money(environ: Mapping[str, str]) -> None:
    """Raise StopProgram if variables of Freqtrade set dry-run, keys, stakes or the exchange. Values are not shown."""
    refused = {name: section for name in freqtrade_variables(environ) if (section := _about_money(name))}
    if not refused:
        return
    instead = list(dict.fromkeys(_OURS[section] for section in refused.values() if section in _OURS))
    names = [without_control(name) for name in refused]
    raise StopProgram(
        f"{', '.join(names)} in the environment would change what Freqtrade does with money, whatever the settings "
        f"say. Nothing was started. Unset {'it' if len(names) == 1 else 'them'}: unset {' '.join(names)}"
        + (f"; what they are for is said with {', '.join(instead)}" if instead else "")
    )


def _about_money(name: str) -> str:
    """Return the configuration section that the variable changes if it is about money, else an empty text."""
    # Freqtrade removes its prefix from every place in the name.
    section = name.upper().replace(PREFIX, "").lower().partition("__")[0]
    if section in _OURS or section in _WITHOUT_OURS:
        return section
    return next((each for each in ("dry_run", "stake", "exchange") if each in section), "")
