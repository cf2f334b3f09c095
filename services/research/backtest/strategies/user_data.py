"""Reads what somebody's own Freqtrade directory says about a strategy: its configuration, candles and pairs."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.common.errors import StopProgram
from services.replay_exchange.ccxt_config import exchange_section
from services.research.backtest.strategies.choice import refuse_without_news
from services.research.backtest.strategies.log import FreqtradeLog, errors_of

_CONFIG = "config.json"
_REPLACED = frozenset({
    "exchange", "pairlists", "telegram", "api_server", "webhook", "discord", "external_message_consumer", "db_url",
    "logfile", "log_config", "verbosity", "datadir", "user_data_dir", "timerange", "export", "exportfilename",
    "exportdirectory", "backtest_cache", "strategy", "strategy_list", "config_files", "add_config_files",
    "initial_state", "internals", "dry_run", "dry_run_wallet", "fee", "stake_currency", "stake_amount",
    "max_open_trades", "timeframe", "entry_pricing", "exit_pricing", "dataformat_ohlcv", "bot_name",
})  # fmt: skip
"""The options of Freqtrade that a backtest sets by itself, or that are about a running bot."""
_SOURCES = ("source", "sentiment_csv")


@dataclass(frozen=True, eq=False)
class UserData:
    """A strategy in somebody's directory, and what the configuration beside it says.

    Attributes:
        folder: the directory, Freqtrade's `user_data`.
        strategy: the name of the strategy's class.
        settings: Freqtrade's configuration without what a backtest sets by itself.
        timeframe: the timeframe of the strategy; None if neither it nor the configuration names one.
        pairs: the pairs of the configuration, among them patterns such as `.*/USDT`.
        blocked: the pairs of the blacklist, with patterns likewise.
        exchange: the name of the exchange; empty if the configuration names none.
        stake_currency: the currency of the configuration; empty if it names none.
        stake, max_open_trades, wallet, fee: as in `plan.Plan`; None if nothing is said.
        sentiment: the sentiment CSV that the configuration names, if any.
    """

    folder: Path
    strategy: str
    settings: Mapping[str, Any]
    timeframe: str | None
    pairs: tuple[str, ...]
    blocked: tuple[str, ...]
    exchange: str
    stake_currency: str
    stake: float | None
    max_open_trades: int | None
    wallet: float | None
    fee: float | None
    sentiment: Path | None

    @property
    def futures(self) -> bool:
        """Whether perpetual contracts are traded."""
        return self.settings.get("trading_mode") == "futures"

    @property
    def candles(self) -> Path:
        """The directory in which Freqtrade keeps the candles of this exchange."""
        return self.folder / "data" / (self.exchange or "binance")

    def chosen(self, available: Collection[str]) -> tuple[str, ...]:
        """Return the pairs to trade among those that have candles.

        Raises:
            StopProgram: the configuration names pairs, but none of them has candles.
        """
        there = [
            pair
            for pair in sorted(available)
            if not self.stake_currency or _paid_in(pair, self.stake_currency)
        ]
        wanted = _expanded(self.pairs, there) if self.pairs else there
        blocked = set(_expanded(self.blocked, there))
        found = tuple(pair for pair in wanted if pair not in blocked)
        if not found:
            raise StopProgram(
                f"none of the pairs of the configuration has candles: {', '.join(self.pairs) or self.stake_currency}; "
                f"there are candles of {', '.join(sorted(available)) or 'none'}: download them, or choose with --pairs"
            )
        return found


def read_user_data(folder: Path, configs: Sequence[Path], strategy: str | None) -> UserData:
    """Read the configuration, and load the strategy once, to know what it says about itself.

    Args:
        folder: the directory, Freqtrade's `user_data`.
        configs: files of the configuration; if empty, the file config.json in the directory, if there is one.
        strategy: the name of the strategy's class; if None, that of the configuration.

    Raises:
        StopProgram: a file is missing or wrong, the strategy cannot be loaded, or it takes no news.
    """
    if not folder.is_dir():
        raise StopProgram(f"--user-data {folder} is not a directory; expected Freqtrade's user_data")
    files = list(configs) or [path for path in [folder / _CONFIG] if path.is_file()]
    given = _read(files)
    name = strategy or given.get("strategy")
    if not name:
        raise StopProgram(f"--strategy is missing; {_strategies(folder)}")
    exchange = exchange_section(given)
    settings = {key: value for key, value in given.items() if key not in _REPLACED}
    settings |= _of_futures(given)
    section = settings.get("cryptoboy")
    settings["cryptoboy"] = section if section is not None else {}
    effective = _loaded(folder, str(name), settings, given)
    return UserData(
        folder=folder.absolute(),
        strategy=str(name),
        settings=settings,
        timeframe=given.get("timeframe") or effective.get("timeframe"),
        pairs=tuple(exchange.get("pair_whitelist") or ()),
        blocked=tuple(exchange.get("pair_blacklist") or ()),
        exchange=str(exchange.get("name") or ""),
        stake_currency=str(given.get("stake_currency") or ""),
        stake=_number(effective.get("stake_amount")),
        max_open_trades=_whole(effective.get("max_open_trades")),
        wallet=_wallet(given),
        fee=_number(given.get("fee")),
        sentiment=_sentiment(settings["cryptoboy"]),
    )


def _of_futures(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a configuration that trades perpetual contracts; empty for one that trades spot pairs."""
    mode, margin = given.get("trading_mode") or "spot", given.get("margin_mode") or "isolated"
    if mode == "spot":
        return {}
    if (mode, margin) != ("futures", "isolated"):
        raise StopProgram(
            f"trading_mode is {mode} and margin_mode {margin} in the configuration, and ./cryptoboy backtest knows "
            "spot pairs, and futures with isolated margin"
        )
    return {"margin_mode": margin, "futures_funding_rate": given.get("futures_funding_rate") or 0}


def without_source(section: Mapping[str, Any]) -> dict[str, Any]:
    """Return the section `cryptoboy` without what says where the signals come from."""
    return {name: value for name, value in section.items() if name not in _SOURCES}


def _read(files: Sequence[Path]) -> dict[str, Any]:
    from freqtrade.configuration.load_config import load_from_files
    from freqtrade.exceptions import FreqtradeException

    if not files:
        return {}
    try:
        with _unlogged():
            read: dict[str, Any] = load_from_files([str(path) for path in files])
    except FreqtradeException as error:
        raise StopProgram(f"{', '.join(map(str, files))}: {error}") from error
    return read


@contextmanager
def _unlogged() -> Any:  # noqa: ANN401 - a generator
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _loaded(
    folder: Path, name: str, settings: Mapping[str, Any], given: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Load the strategy, and return the configuration as Freqtrade completes it from the strategy."""
    from freqtrade.enums import RunMode
    from freqtrade.resolvers import StrategyResolver

    kept = ("exchange", "stake_currency", "stake_amount", "max_open_trades", "timeframe")
    config: dict[str, Any] = {
        "exchange": {"name": "binance"},
        **settings,
        **{key: given[key] for key in kept if key in given},
        "strategy": name,
        "user_data_dir": folder.absolute(),
        "runmode": RunMode.BACKTEST,
        "dry_run": True,
    }
    log = FreqtradeLog(shows=False)
    try:
        with log, errors_of(name, folder.absolute(), log):
            refuse_without_news(StrategyResolver.load_strategy(config))
    except StopProgram as error:
        if "Impossible to load" in str(error):
            raise StopProgram(f"{error}; {_strategies(folder)}") from error
        raise
    return config


def _strategies(folder: Path) -> str:
    names = sorted(
        path.stem for path in (folder / "strategies").rglob("*.py") if not path.stem.startswith("_")
    )
    return f"{folder / 'strategies'} has the files {', '.join(names) or 'of no strategy'}"


def _expanded(patterns: Sequence[str], available: Sequence[str]) -> list[str]:
    from freqtrade.plugins.pairlist.pairlist_helpers import expand_pairlist

    try:
        return list(dict.fromkeys(expand_pairlist(list(patterns), list(available))))
    except ValueError as error:
        raise StopProgram(f"the pairs of the configuration: {error}") from error


def _paid_in(pair: str, currency: str) -> bool:
    return pair.partition("/")[2].partition(":")[0] == currency


def _number(value: object) -> float | None:
    """Return a number; None for nothing and for Freqtrade's word `unlimited`."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: object) -> int | None:
    """Return a number of trades; None for nothing and for any number of them."""
    number = _number(value)
    return int(number) if number is not None and 0 < number < float("inf") else None


def _wallet(given: Mapping[str, Any]) -> float | None:
    wallet = given.get("dry_run_wallet")
    return _number(wallet.get(given.get("stake_currency")) if isinstance(wallet, Mapping) else wallet)


def _sentiment(section: Any) -> Path | None:  # noqa: ANN401 - whatever the file has there
    named = [section.get(name) for name in _SOURCES] if isinstance(section, Mapping) else []
    files = [name for name in named if isinstance(name, str) and name and "://" not in name]
    return Path(files[0]) if files else None
