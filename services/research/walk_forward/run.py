"""Runs a walk-forward: fit, test, move to the next window; a fit never sees the data of its test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from services.replay_exchange.candle_folder import readable_candles
from services.research.backtest.account import equity_of
from services.research.backtest.engine import Engine
from services.research.backtest.equity import Equity
from services.research.backtest.inputs import Inputs, read_inputs
from services.research.backtest.markets import private_exchange
from services.research.backtest.plan import Plan, Variant
from services.research.backtest.strategies.freqtrade_config import freqtrade_config
from services.research.progress import Progress, quiet
from services.research.walk_forward.fitting import Search, copy_strategy, fit
from services.research.walk_forward.windows import Stretch, Window, windows_of


@dataclass(frozen=True, eq=False)
class Tested:
    """One strategy tested on one period: its trades and its account."""

    trades: pd.DataFrame
    equity: Equity


@dataclass(frozen=True, eq=False)
class Walked:
    """The results of one window.

    Attributes:
        window: the period of the fit and the period of the test.
        parameters: the best parameters found on `window.fit`, by space; None if no parameters made a trade there.
        fitted: the test of these parameters on `window.test`.
        unfitted: the test of the strategy's default parameters on `window.test`.
        growth_in_sample: the mean daily growth with the parameters on `window.fit` itself, used for comparison only.
    """

    window: Window
    parameters: Mapping[str, Any] | None
    fitted: Tested
    unfitted: Tested
    growth_in_sample: float


@dataclass(frozen=True, eq=False)
class WalkForward:
    """The results of all windows, and the options that were used."""

    plan: Plan
    search: Search
    inputs: Inputs
    candle: timedelta
    walked: tuple[Walked, ...]


def run_walk_forward(
    plan: Plan,
    search: Search,
    fit_on: timedelta,
    test_on: timedelta,
    progress: Progress = quiet,
) -> WalkForward:
    """Fit and test over the period of `plan`. A candle that opens exactly at its end is left out.

    Args:
        plan: the options of trading; its controls are not used.
        search: the options of the fits.
        fit_on: the length of the period before each test that is used for fitting.
        test_on: the length of each test.
        progress: called with the number of steps done and the total number; each epoch and each test is one step.

    Raises:
        StopProgram: an input is missing or wrong, the period is too short, or Freqtrade refuses.
    """
    windows = windows_of(plan.start, plan.end, fit_on, test_on)
    inputs = read_inputs(plan)
    candle = next(iter(inputs.candles.values())).length
    steps = search.epochs + 1
    walked = []
    with (
        private_exchange(inputs.pairs) as url,
        TemporaryDirectory(prefix="cryptoboy-walk-forward-") as name,
        readable_candles(plan.candles) as candles,
    ):
        setup = _Setup(replace(plan, candles=candles), inputs, candle, url, Path(name))
        for number, window in enumerate(windows):
            done = number * steps
            progress(done, steps * len(windows))
            folder = setup.folder / f"window-{number + 1}"
            folder.mkdir()
            parameters = fit(
                setup.config(window.fit),
                candles,
                search,
                folder,
                lambda epochs, done=done: progress(done + epochs, steps * len(windows)),  # type: ignore[misc]  # bound now
            )
            walked.append(_walk(setup, window, folder / "strategies", parameters))
        progress(steps * len(windows), steps * len(windows))
    return WalkForward(plan, search, inputs, candle, tuple(walked))


def growth(tested: Equity, length: timedelta) -> float:
    """Return the mean growth of an account per day, as a ratio."""
    return float((tested.worth[-1] / tested.worth[0]) ** (timedelta(days=1) / length) - 1)


class _Setup:
    """The configuration and the folder that the tests of all windows share."""

    def __init__(self, plan: Plan, inputs: Inputs, candle: timedelta, url: str, folder: Path) -> None:
        self.plan, self.inputs, self.candle, self.url, self.folder = plan, inputs, candle, url, folder
        self.unfitted = copy_strategy(folder)

    def config(self, stretch: Stretch) -> dict[str, Any]:
        """Return Freqtrade's configuration for a period; in it, a candle that opens at the end still counts."""
        plan = replace(self.plan, start=stretch.start, end=stretch.end - self.candle)
        return freqtrade_config(plan, self.inputs.pairs, self.inputs.stake_currency, self.url)

    def test(self, stretch: Stretch, strategies: Path) -> Tested:
        """Backtest the whole strategy in the folder `strategies` on one period."""
        config = self.config(stretch) | {"strategy_path": str(strategies)}
        with Engine(config, self.plan.candles) as engine:
            ran = engine.run(Variant.COMBINED)
        account = equity_of(ran, self.plan.wallet, self.candle, self.inputs.stake_currency)
        return Tested(ran.trades, account)


def _walk(setup: _Setup, window: Window, strategies: Path, parameters: Mapping[str, Any] | None) -> Walked:
    in_sample = setup.test(window.fit, strategies)
    return Walked(
        window=window,
        parameters=parameters,
        fitted=setup.test(window.test, strategies),
        unfitted=setup.test(window.test, setup.unfitted),
        growth_in_sample=growth(in_sample.equity, window.fit.length),
    )
