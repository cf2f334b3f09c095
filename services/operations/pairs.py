"""Finds the pair or asset that a person names, in any case."""

from __future__ import annotations

from services.common.errors import StopProgram
from services.common.settings.settings import Settings
from services.common.values import asset_of, check_chosen_name, is_pair


def named(text: str) -> str:
    """The pair or asset that a text names. Raises StopProgram if it names none; the message says how to write one."""
    try:
        return check_chosen_name(text.upper())
    except ValueError as error:
        raise StopProgram(str(error)) from None


def named_pair(text: str, settings: Settings) -> str:
    """The pair that a text names; an asset means the first pair of it among TRADING_PAIRS.

    Raises:
        StopProgram: as `named`, or none of TRADING_PAIRS is a pair of this asset.
    """
    name = pair_or_asset(text, settings)
    if not is_pair(name):
        raise StopProgram(f"none of TRADING_PAIRS is a pair of {name}; write the pair, such as {name}/USDT")
    return name


def pair_or_asset(text: str, settings: Settings) -> str:
    """As `named_pair`, but an asset without a pair among TRADING_PAIRS means itself. Raises StopProgram as `named`."""
    name = named(text)
    if is_pair(name):
        return name
    return next((pair for pair in settings.market_pairs if asset_of(pair) == name), name)
