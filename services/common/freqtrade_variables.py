"""Freqtrade's own variables, FREQTRADE__SECTION__KEY: it ranks them above its configuration file.

Our settings are the only way to say what Freqtrade does. A variable that somebody exported for another Freqtrade would
make ours trade with real money, with other keys or with other stakes than the settings, the confirmation and the
screen say. So no Freqtrade that we run sees any of them, and those about money are refused.
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
"""Sections of Freqtrade's configuration about money, and our variables for them."""
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
"""Those for which we have none: the settings leave them as they are."""


def freqtrade_variables(environ: Mapping[str, str]) -> list[str]:
    """The names of Freqtrade's variables, in any case, although Freqtrade itself reads capitals alone."""
    return sorted(name for name in environ if name.upper().startswith(PREFIX))


def without_freqtrade_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a Freqtrade that does what its configuration file says."""
    return {name: value for name, value in environ.items() if not name.upper().startswith(PREFIX)}


def refuse_variables_about_money(environ: Mapping[str, str]) -> None:
    """Raise StopProgram if variables of Freqtrade are about dry-run, keys, stakes or the exchange. Shows no value."""
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
    """The section of the configuration that it changes, if that is about money; empty if it is not."""
    # Freqtrade takes its prefix out wherever it stands in the name.
    section = name.upper().replace(PREFIX, "").lower().partition("__")[0]
    if section in _OURS or section in _WITHOUT_OURS:
        return section
    return next((each for each in ("dry_run", "stake", "exchange") if each in section), "")
