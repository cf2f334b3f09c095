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
from services.research.backtest.plan import Variant
from services.research.backtest.strategies.changes import change_parameters
from services.research.backtest.strategies.choice import subject_of
from services.research.backtest.strategies.log import FreqtradeLog, errors_of
from services.research.backtest.strategies.memory import history_in_memory
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
        positions: of perpetual contracts, whose captures have no coins: the unrealised `gain` and the `size` (amount
            * price) of each position at the `date` of each capture, in stake currency; None for spot pairs.
    """

    trades: pd.DataFrame
    balances: pd.DataFrame
    final_balance: float
    content: dict[str, Any]
    positions: pd.DataFrame | None = None


class Engine:
    """One loaded backtest. It must be used by one thread only, because Freqtrade keeps trades in class variables."""

    def __init__(
        self,
        config: Mapping[str, Any],
        candles: Path,
        *,
        signals: pd.DataFrame | None = None,
        changes: Mapping[str, str] = MappingProxyType({}),
        user_data: Path | None = None,
        reads_news: bool | None = None,
        shows: bool = True,
    ) -> None:
        """Load Freqtrade, strategy, candles and indicators; the exchange of `config` must answer meanwhile.

        Args:
            config: Freqtrade's configuration.
            candles: the directory of the candle files.
            signals: the signals of all runs that are given no others; if None, those of the strategy's own source.
            changes: the changes of `plan.Plan`, of which those to the section are in `config` already.
            user_data: the Freqtrade directory with the strategy, if `config` does not say where it is.
            reads_news: whether the strategy's own indicators depend on news; if None, this is found out.
            shows: whether what the strategy prints, other than in controls, is shown on standard error.

        Raises:
            StopProgram: Freqtrade or the strategy refuses; its message is passed on.
        """
        self._closing = ExitStack()
        self._closing.callback(logging.disable, logging.root.manager.disable)
        logging.disable(logging.WARNING)  # because Freqtrade logs its whole configuration at each run
        self.log = FreqtradeLog(shows=shows)
        try:
            read = self._read(config, candles)
            if user_data is not None:
                read["user_data_dir"] = user_data.absolute()
            self._folder = Path(read["strategy_path"] if user_data is None else read["user_data_dir"])
            self._load(read, signals, changes)
            self.reads_news = self._depends_on_news() if reads_news is None else reads_news
        except BaseException:
            self.close()
            raise

    def _load(self, config: dict[str, Any], signals: pd.DataFrame | None, changes: Mapping[str, str]) -> None:
        from freqtrade.data import history
        from freqtrade.data.converter import trim_dataframes
        from freqtrade.optimize.backtesting import Backtesting

        from services.research.backtest.strategies.subclasses import FuturesBacktesting

        self._futures = config["trading_mode"] == "futures"
        self._name = str(config["strategy"])
        with self.log, errors_of(self._name, self._folder, self.log):
            self._backtesting: Any = FuturesBacktesting(config) if self._futures else Backtesting(config)
            self._closing.callback(Backtesting.cleanup)
            self._closing.callback(self._backtesting.exchange.close)
            self._data, timerange = self._backtesting.load_bt_data()
            self._strategy = self._backtesting.strategylist[0]
            self._backtesting._set_strategy(self._strategy)  # noqa: SLF001 - Freqtrade's own tools do the same
            self.subject: Subject = subject_of(self._strategy)
            change_parameters(self._strategy, changes, self.subject.fields)
            if signals is not None:
                self.subject.source = history_in_memory(signals)
            self._source = self.subject.source
            self._unused = StrategyState(self._strategy)
            self._frames: dict[str, pd.DataFrame] = self._strategy.advise_all_indicators(self._data)
            startup = self._backtesting.required_startup
            self.traded: Frames = trim_dataframes(self._frames, timerange, startup)
            _refuse_empty(self.traded, startup)
            self.start, self.last = history.get_timerange(self.traded)
            self._state = StrategyState(self._strategy)
            self._of_news = {pair: self._columns_of_news(pair) for pair in self._frames}

    def _columns_of_news(self, pair: str) -> list[str]:
        """Return the names of the columns that are those of news; a strategy may have others by the same names."""
        frame = self._frames[pair]
        columns = self.subject.columns(pair, frame["date"])
        return [str(name) for name in columns if name in frame and frame[name].equals(columns[name])]

    def _depends_on_news(self) -> bool:
        """Whether the strategy's own indicators are others without news, so that each run must compute them anew."""
        if not self.subject.may_read_news:
            return False
        self._unused.restore()  # else a strategy that keeps the news answers from memory
        with (
            self.log,
            errors_of(self._name, self._folder, self.log),
            self.subject.trading(Variant.TECHNICAL),
            self.subject.asking() as asked,
        ):
            without = self._strategy.advise_all_indicators(self._data)
        return bool(asked) or not all(
            frame.drop(columns=self._of_news[pair]).equals(
                without[pair].drop(columns=self._of_news[pair], errors="ignore")
            )
            for pair, frame in self._frames.items()
        )

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
                self.subject.source = history_in_memory(signals)
            yield
        finally:
            self.subject.source = self._source

    def _prepared(self) -> dict[str, pd.DataFrame]:
        """Return new frames with indicators, and with the columns of news from the source that the strategy has now."""
        if self.subject.source is self._source:
            return {pair: frame.copy() for pair, frame in self._frames.items()}
        if self.reads_news:
            self._unused.restore()
            found: dict[str, pd.DataFrame] = self._strategy.advise_all_indicators(self._data)
            return found
        return {pair: self._with_news(pair, frame) for pair, frame in self._frames.items()}

    def _with_news(self, pair: str, frame: pd.DataFrame) -> pd.DataFrame:
        columns = self.subject.columns(pair, frame["date"])
        return frame.assign(**{name: columns[name] for name in self._of_news[pair] if name in columns})

    def _hold(self) -> Ran:
        from services.research.backtest.strategies.subclasses import BuyAndHold

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
        positions = self._backtesting.positions() if self._futures else None
        balance = float(content["final_balance"])
        return Ran(content["results"], content["wallet_summary"], balance, content, positions)


def _refuse_empty(frames: Frames, startup: int) -> None:
    if not frames:
        raise StopProgram(
            f"no candles are left to trade after the {startup} that the indicators start up with; "
            "choose a later --from or a longer period"
        )
