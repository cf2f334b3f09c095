"""Runs the real Freqtrade backtest, which is loaded once and run many times.

Candles are loaded and technical indicators computed once, by Freqtrade and the strategy themselves. Each run selects
the rules to apply or replaces the signals, then calls Freqtrade's own `Backtesting.backtest`. A run of the whole
strategy does what `freqtrade backtesting` does with the same configuration.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Self

import pandas as pd

from services.common.errors import StopProgram
from services.common.freqtrade_variables import freqtrade_variables
from services.common.network.proxies import hidden_variables
from services.common.settings.folders import STRATEGIES
from services.replay_exchange.ccxt_config import freqtrade_exchange
from services.research.backtest.plan import Plan, Variant
from services.research.backtest.strategies.changes import change_parameters, changed_section
from services.research.backtest.strategies.choice import subject_of
from services.research.backtest.strategies.log import FreqtradeLog, errors_of
from services.research.backtest.strategies.memory import HistorySignals
from services.research.backtest.strategies.state import StrategyState
from services.research.backtest.strategies.subject import Frames, Subject


@dataclass(frozen=True, eq=False)
class Ran:
    """Freqtrade's results of one run.

    Attributes:
        trades: Freqtrade's table of the trades, one row for each trade.
        balances: Freqtrade's captures of the wallet, with date, currency, rate and balance.
        final_balance: the balance after the last trade was closed, in stake currency.
        content: everything that `backtest` returned, for Freqtrade's own reports.
    """

    trades: pd.DataFrame
    balances: pd.DataFrame
    final_balance: float
    content: dict[str, Any]


def freqtrade_config(plan: Plan, pairs: tuple[str, ...], stake_currency: str, url: str) -> dict[str, Any]:
    """Return the configuration of `freqtrade backtesting` for this plan, with the exchange at `url`."""
    pricing = {"price_side": "other", "use_order_book": True, "order_book_top": 1}
    return {
        "strategy": plan.strategy,
        "strategy_path": str(STRATEGIES),
        "timeframe": plan.timeframe,
        "timerange": f"{plan.start.timestamp():.0f}-{plan.end.timestamp():.0f}",
        "dry_run": True,
        "dry_run_wallet": plan.wallet,
        "stake_currency": stake_currency,
        "stake_amount": "unlimited" if plan.stake is None else plan.stake,
        "tradable_balance_ratio": 1.0,
        "max_open_trades": plan.max_open_trades or len(pairs),
        **({} if plan.fee is None else {"fee": plan.fee}),
        "entry_pricing": pricing,
        "exit_pricing": pricing,
        "exchange": freqtrade_exchange(url, pairs),
        "pairlists": [{"method": "StaticPairList"}],
        "enable_protections": plan.protections,
        "dataformat_ohlcv": "feather",
        "export": "none",
        "backtest_cache": "none",
        "cryptoboy": changed_section(
            {
                "sentiment_csv": str(plan.sentiment.absolute()),
                "staleness_hours": plan.staleness_hours,
            },
            plan.changes,
        ),
    }


class Engine:
    """One loaded backtest. It must be used by one thread only, because Freqtrade keeps trades in class variables."""

    def __init__(
        self,
        config: Mapping[str, Any],
        candles: Path,
        *,
        signals: pd.DataFrame | None = None,
        changes: Mapping[str, str] = MappingProxyType({}),
        shows: bool = True,
    ) -> None:
        """Load Freqtrade, strategy, candles and indicators; the exchange of `config` must answer meanwhile.

        Args:
            config: Freqtrade's configuration.
            candles: the directory of the candle files.
            signals: the signals of all runs that are given no others; if None, those of the strategy's own source.
            changes: the changes of `plan.Plan`, of which those to the section are in `config` already.
            shows: whether what the strategy prints, other than in controls, is shown on standard error.

        Raises:
            StopProgram: Freqtrade or the strategy refuses; its message is passed on.
        """
        self._closing = ExitStack()
        self._closing.callback(logging.disable, logging.root.manager.disable)
        logging.disable(logging.WARNING)  # because Freqtrade logs its whole configuration at each run
        self.log = FreqtradeLog(shows=shows)
        try:
            self._load(self._read(config, candles), signals, changes)
        except BaseException:
            self.close()
            raise

    def _load(self, config: dict[str, Any], signals: pd.DataFrame | None, changes: Mapping[str, str]) -> None:
        from freqtrade.data import history
        from freqtrade.data.converter import trim_dataframes
        from freqtrade.optimize.backtesting import Backtesting

        self._name = str(config["strategy"])
        self._folder = Path(config["strategy_path"])
        with self.log, errors_of(self._name, self._folder, self.log):
            self._backtesting: Any = Backtesting(config)
            self._closing.callback(Backtesting.cleanup)
            self._closing.callback(self._backtesting.exchange.close)
            self._data, timerange = self._backtesting.load_bt_data()
            self._strategy = self._backtesting.strategylist[0]
            self._backtesting._set_strategy(self._strategy)  # noqa: SLF001 - Freqtrade's own tools do the same
            self.subject: Subject = subject_of(self._strategy)
            change_parameters(self._strategy, changes, self.subject.fields)
            if signals is not None:
                self.subject.source = HistorySignals(signals)
            self._source = self.subject.source
            self._frames: dict[str, pd.DataFrame] = self._strategy.advise_all_indicators(self._data)
            startup = self._backtesting.required_startup
            self.traded: Frames = trim_dataframes(self._frames, timerange, startup)
            _refuse_empty(self.traded, startup)
            self.start, self.last = history.get_timerange(self.traded)
            self._state = StrategyState(self._strategy)

    def _read(self, config: Mapping[str, Any], candles: Path) -> dict[str, Any]:
        from freqtrade.configuration import Configuration
        from freqtrade.enums import RunMode

        folder = Path(self._closing.enter_context(TemporaryDirectory(prefix="cryptoboy-backtest-")))
        file = folder / "config.json"
        file.write_text(json.dumps(config))
        arguments = {"config": [str(file)], "user_data_dir": str(folder), "datadir": str(candles.absolute())}
        with hidden_variables(*freqtrade_variables(os.environ)):
            read: dict[str, Any] = Configuration(arguments, RunMode.BACKTEST).get_config()
        return read

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Undo what loading changed, and remove the files that it wrote."""
        self._closing.close()

    @property
    def fee(self) -> float:
        """The fee of each purchase and each sale, as a ratio."""
        return float(self._backtesting.fee)

    def run(self, variant: Variant, signals: pd.DataFrame | None = None) -> Ran:
        """Run one variant on `signals`, or on the signals that were loaded if `signals` is None."""
        silent = nullcontext() if signals is None else self.log.silent()
        with silent, self.log, errors_of(self._name, self._folder, self.log):
            if variant is Variant.BUY_AND_HOLD:
                return self._hold()
            self._state.restore()
            with self._source_of(signals), self.subject.trading(variant):
                return self._ran(self._prepared())

    @contextmanager
    def _source_of(self, signals: pd.DataFrame | None) -> Iterator[None]:
        """Let the strategy have `signals` for its columns and its callbacks."""
        try:
            if signals is not None:
                self.subject.source = HistorySignals(signals)
            yield
        finally:
            self.subject.source = self._source

    def _prepared(self) -> dict[str, pd.DataFrame]:
        """Return new frames with indicators, and with the columns of news from the source that the strategy has now."""
        if self.subject.source is self._source:
            return {pair: frame.copy() for pair, frame in self._frames.items()}
        return {
            pair: frame.assign(**self.subject.columns(pair, frame["date"]))
            for pair, frame in self._frames.items()
        }

    def _hold(self) -> Ran:
        from services.research.backtest.strategies.hold import BuyAndHold

        hold = BuyAndHold(self._strategy.config)
        hold.dp, hold.wallets = self._strategy.dp, self._strategy.wallets
        hold.timeframe, hold.max_open_trades = self._strategy.timeframe, len(self._data)
        self._backtesting.strategy = hold
        try:
            return self._ran({pair: frame.copy() for pair, frame in self._data.items()})
        finally:
            self._backtesting.strategy = self._strategy

    def _ran(self, frames: dict[str, pd.DataFrame]) -> Ran:
        content: dict[str, Any] = self._backtesting.backtest(
            processed=frames, start_date=self.start, end_date=self.last
        )
        return Ran(content["results"], content["wallet_summary"], float(content["final_balance"]), content)


def _refuse_empty(frames: Frames, startup: int) -> None:
    if not frames:
        raise StopProgram(
            f"no candles are left to trade after the {startup} that the indicators start up with; "
            "choose a later --from or a longer period"
        )
