"""Finds, before Freqtrade starts, trading settings that Freqtrade would refuse or with which it would never trade."""

from __future__ import annotations

from collections.abc import Iterator

from services.common.errors import StopProgram
from services.common.settings.settings import Settings
from services.common.settings.trading import UNLIMITED, UNLIMITED_TRADES
from services.launch.freqtrade.exchange_keys import exchange_keys

TRADABLE = 0.99
"""The fraction of the balance that Freqtrade uses for trades by default."""


def check_trading(settings: Settings) -> None:
    """Raise StopProgram if Freqtrade cannot trade with these settings; the message names all mistakes."""
    mistakes = [*_no_pairs(settings), *_futures(settings), *_currencies(settings), *_stakes(settings)]
    if mistakes:
        raise StopProgram("Freqtrade cannot trade like this: " + "; ".join(mistakes))
    exchange_keys(settings)


def _no_pairs(settings: Settings) -> Iterator[str]:
    if not settings.market_pairs:
        asset = settings.trading_pairs[0]
        yield (
            f"TRADING_PAIRS={','.join(settings.trading_pairs)} has no pair: an asset is scored, but not traded. Add "
            f"pairs, such as {asset}/{settings.stake_currency}, or run without the bot: ./cryptoboy up --no-bot"
        )


def _futures(settings: Settings) -> Iterator[str]:
    if futures := [pair for pair in settings.market_pairs if ":" in pair]:
        spot = ",".join(dict.fromkeys(pair.partition(":")[0] for pair in futures))
        yield (
            f"TRADING_PAIRS: {', '.join(futures)} are futures, and only spot is traded here. Write {spot} (a Freqtrade "
            "of your own can trade futures with the strategy)"
        )


def _currencies(settings: Settings) -> Iterator[str]:
    stake = settings.stake_currency
    quotes = {pair: pair.partition(":")[0].partition("/")[2] for pair in settings.market_pairs}
    others = [pair for pair, quote in quotes.items() if quote != stake]
    if not others:
        return
    common = set(quotes.values())
    cure = f"set STAKE_CURRENCY={common.pop()}, or " if len(common) == 1 else ""
    yield (
        f"STAKE_CURRENCY={stake}, but TRADING_PAIRS has {', '.join(others)}: Freqtrade pays all trades in one currency "
        f"and would leave these out. Either {cure}name only pairs in TRADING_PAIRS that end in /{stake}"
    )


def _stakes(settings: Settings) -> Iterator[str]:
    amount = settings.stake_amount
    if amount == UNLIMITED:
        if settings.max_open_trades == UNLIMITED_TRADES:
            yield (
                f"STAKE_AMOUNT={UNLIMITED} divides the balance by MAX_OPEN_TRADES, which then has to be 1 or more, "
                f"not {UNLIMITED_TRADES}"
            )
    elif settings.dry_run and amount > settings.dry_run_wallet * TRADABLE:
        yield (
            f"STAKE_AMOUNT={amount:g} is more than a dry run can pay: {TRADABLE:g} of DRY_RUN_WALLET="
            f"{settings.dry_run_wallet:g}. Lower the one or raise the other"
        )
