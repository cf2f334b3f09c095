"""Runs the real Freqtrade backtest, which is loaded once and run many times.

Candles are loaded and technical indicators computed once, by Freqtrade and the strategy themselves. Each run selects
the rules to apply or replaces the signals, then calls Freqtrade's own `Backtesting.backtest`. A run of the whole
strategy does what `freqtrade backtesting` does with the same configuration.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import pandas as pd
from cryptoboy_sentiment import EntriesState, Hold, Rules

from services.common.errors import StopProgram
from services.common.freqtrade_variables import freqtrade_variables
from services.common.network.proxies import hidden_variables
from services.common.settings.folders import STRATEGIES
from services.replay_exchange.ccxt_config import freqtrade_exchange
from services.research.backtest.plan import PARTS, Parts, Plan, Variant

STRATEGY = "LLMSentimentStrategy"
_NEVER = 1e9
_WITHOUT_GUARDS = {
    "minimal_roi": {0: _NEVER},
    "stoploss": -0.99,
    "trailing_stop": False,
}
Frames = Mapping[str, pd.DataFrame]


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


class HistorySignals:
    """A `SignalSource` of the strategy that serves signals from memory; nothing suspends entries."""

    scored: frozenset[str] | None = None
    entries: EntriesState = "open"
    holds: tuple[Hold, ...] = ()

    def __init__(self, signals: pd.DataFrame) -> None:
        """Take the signals of any pairs, in a frame as `signals_frame` returns it."""
        self._nothing = signals.head(0)
        self._by_pair = {str(pair): rows for pair, rows in signals.groupby("pair")}

    def refresh(self, pairs: Iterable[str], now: datetime) -> None:
        """Do nothing, because past signals do not change."""

    def signals(self, pair: str, /) -> pd.DataFrame:
        """Return the pair's signals; the frame is empty if there are no signals of this pair."""
        return self._by_pair.get(pair, self._nothing)

    def readable(self, _pair: str, /) -> bool:
        """Return True, because signals in memory are always readable."""
        return True


def freqtrade_config(plan: Plan, pairs: tuple[str, ...], stake_currency: str, url: str) -> dict[str, Any]:
    """Return the configuration of `freqtrade backtesting` for this plan, with the exchange at `url`."""
    pricing = {"price_side": "other", "use_order_book": True, "order_book_top": 1}
    return {
        "strategy": STRATEGY,
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
        "cryptoboy": {
            "sentiment_csv": str(plan.sentiment.absolute()),
            "staleness_hours": plan.staleness_hours,
        },
    }


class Engine:
    """One loaded backtest. It must be used by one thread only, because Freqtrade keeps trades in class variables."""

    def __init__(self, config: Mapping[str, Any], candles: Path) -> None:
        """Load Freqtrade, strategy, candles and indicators; the exchange of `config` must answer meanwhile.

        Raises:
            StopProgram: Freqtrade or the strategy refuses; its message is passed on.
        """
        from freqtrade.data import history
        from freqtrade.data.converter import trim_dataframes
        from freqtrade.exceptions import FreqtradeException
        from freqtrade.optimize.backtesting import Backtesting

        self._closing = ExitStack()
        self._closing.callback(logging.disable, logging.root.manager.disable)
        logging.disable(logging.WARNING)  # because Freqtrade logs its whole configuration at each run
        try:
            self._backtesting: Any = Backtesting(self._read(config, candles))
            self._closing.callback(Backtesting.cleanup)
            self._closing.callback(self._backtesting.exchange.close)
            data, timerange = self._backtesting.load_bt_data()
            self._strategy = self._backtesting.strategylist[0]
            self._backtesting._set_strategy(self._strategy)  # noqa: SLF001 - Freqtrade's own tools do the same
            self._frames: dict[str, pd.DataFrame] = self._strategy.advise_all_indicators(data)
            startup = self._backtesting.required_startup
            self.traded: Frames = trim_dataframes(self._frames, timerange, startup)
            _refuse_empty(self.traded, startup)
            self.start, self.last = history.get_timerange(self.traded)
        except (FreqtradeException, ValueError) as error:
            self.close()
            raise StopProgram(f"Freqtrade refuses this backtest: {error}") from error
        except BaseException:
            self.close()
            raise

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

    @property
    def rules(self) -> Rules:
        """The thresholds of the strategy's rules."""
        rules: Rules = self._strategy.rules()
        return rules

    @property
    def strategy(self) -> Any:  # noqa: ANN401 - Freqtrade publishes no types
        """The strategy that Freqtrade loaded."""
        return self._strategy

    def run(self, variant: Variant, signals: pd.DataFrame | None = None) -> Ran:
        """Run one variant on `signals`, or on the signals of the CSV if `signals` is None."""
        frames = {pair: frame.copy() for pair, frame in self._frames.items()}
        with self._reading(signals), self._traded_by(PARTS[variant]):
            if signals is not None:
                frames = {
                    pair: frame.assign(**self._strategy.sentiment_columns(pair, frame["date"]))
                    for pair, frame in frames.items()
                }
            content: dict[str, Any] = self._backtesting.backtest(
                processed=frames, start_date=self.start, end_date=self.last
            )
        return Ran(content["results"], content["wallet_summary"], float(content["final_balance"]), content)

    @contextmanager
    def _reading(self, signals: pd.DataFrame | None) -> Iterator[None]:
        """Let the strategy read these signals, also for decisions during the run; those of the CSV if None."""
        before = self._strategy._source  # noqa: SLF001 - the strategy chooses its source by itself, at its start
        if signals is not None:
            self._strategy._source = HistorySignals(signals)  # noqa: SLF001 - as above
        try:
            yield
        finally:
            self._strategy._source = before  # noqa: SLF001 - as above

    @contextmanager
    def _traded_by(self, parts: Parts) -> Iterator[None]:
        changed: dict[str, Any] = {"entry_rules": parts.entry_rules, "exit_rules": parts.exit_rules}
        if not parts.guards:
            changed |= _WITHOUT_GUARDS
        before = {name: getattr(self._strategy, name) for name in changed}
        try:
            for name, value in changed.items():
                setattr(self._strategy, name, value)
            yield
        finally:
            for name, value in before.items():
                setattr(self._strategy, name, value)


def _refuse_empty(frames: Frames, startup: int) -> None:
    if not frames:
        raise StopProgram(
            f"no candles are left to trade after the {startup} that the indicators start up with; "
            "choose a later --from or a longer period"
        )
