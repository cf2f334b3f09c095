"""Completes the options of a backtest by what somebody's directory and strategy say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from services.common.errors import StopProgram
from services.common.values import PAIR_PATTERN
from services.research.backtest.plan import Plan
from services.research.backtest.strategies.user_data import UserData
from services.research.candles import list_candles

_EXCHANGE = "binance"
"""The exchange whose fees are taken where nobody names a fee, as the private exchange is like it."""
_OF_USER = ("stake", "max_open_trades", "wallet", "fee")


def plan_of(user: UserData, given: Mapping[str, Any]) -> Plan:
    """Return the plan for a strategy in a user's directory.

    Args:
        user: the directory and the strategy.
        given: the fields of `Plan` that the command line names.

    Raises:
        StopProgram: no timeframe, no sentiment CSV or no candles are named anywhere.
    """
    candles: Path = given.get("candles", user.candles)
    timeframe = given.get("timeframe", user.timeframe)
    if timeframe is None:
        raise StopProgram(
            f"{user.strategy} has no timeframe, and the configuration names none: give one with --timeframe"
        )
    sentiment = given.get("sentiment", user.sentiment)
    if sentiment is None:
        raise StopProgram(
            "--sentiment is missing, and cryptoboy.source of the configuration names no file: expected a sentiment "
            "CSV, as ./cryptoboy history export and history score write it"
        )
    available = {
        file.pair for file in list_candles(candles, futures=user.futures) if file.timeframe == timeframe
    }
    pairs = given.get("pairs") or user.chosen(available)
    of_user = {name: value for name in _OF_USER if (value := getattr(user, name)) is not None}
    chosen = {"candles": candles, "timeframe": timeframe, "sentiment": sentiment, "pairs": pairs}
    return Plan(**{
        **of_user,
        **given,
        **chosen,
        "strategy": user.strategy,
        "user_data": user.folder,
        "settings": user.settings,
        "notes": tuple(_notes(user, given, available)),
    })  # fmt: skip


def _notes(user: UserData, given: Mapping[str, Any], available: Collection[str]) -> list[str]:
    notes = []
    if not given.get("pairs"):
        missing = [pair for pair in user.pairs if PAIR_PATTERN.match(pair) and pair not in available]
        if missing:
            notes.append(f"Without candles, and so left out: {', '.join(missing)}.")
    if given.get("fee", user.fee) is None and user.exchange not in {"", _EXCHANGE}:
        notes.append(f"The fee is that of Binance and not of {user.exchange}: --fee sets another.")
    return notes
