"""Runs a backtest: all variants and controls on the same candles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from services.replay_exchange.candle_folder import readable_candles
from services.research.backtest import bootstrap
from services.research.backtest.account import (
    FIGURES,
    Effect,
    Figures,
    days_of,
    effect_of,
    equity_of,
    figures_of,
)
from services.research.backtest.bootstrap import Days, Interval
from services.research.backtest.control import Controls, run_controls
from services.research.backtest.engine import Engine, Ran
from services.research.backtest.equity import Equity
from services.research.backtest.freqtrade_figures import freqtrade_figures
from services.research.backtest.inputs import Inputs, read_inputs
from services.research.backtest.markets import private_exchange
from services.research.backtest.plan import Plan, Variant
from services.research.backtest.power import Power, power_of
from services.research.backtest.shift import random_offsets, smallest_offset
from services.research.backtest.strategies.counts import Row
from services.research.backtest.strategies.freqtrade_config import freqtrade_config
from services.research.backtest.strategies.subject import Frames
from services.research.backtest.verdict import Verdict, p_value, verdict_of
from services.research.progress import Progress, quiet


@dataclass(frozen=True, eq=False)
class Account:
    """One variant's account: Freqtrade's results and the figures computed from them."""

    ran: Ran
    equity: Equity
    days: Days
    figures: Figures
    intervals: Mapping[str, Interval | None]
    freqtrade: Mapping[str, float | int | None]


@dataclass(frozen=True, eq=False)
class Backtest:
    """The results of one backtest.

    Attributes:
        plan: the options of the backtest.
        inputs: the candles and signals that were read.
        start: the time at which the first traded candle opens (UTC).
        end: the time at which the last traded candle closes (UTC).
        candle: length of a candle.
        fee: the fee of each purchase and each sale, as a ratio.
        accounts: the accounts of the variants that consist of one run.
        offsets: the offset of each control, in candles.
        smallest_offset: the smallest offset that could have been drawn, in candles.
        controls: the figures of each control, in the order of the offsets.
        shuffled: the median of each figure over the controls; a median is None if most values are undefined.
        shuffled_range: the range that contains 95% of the controls' values, for each figure.
        difference: the profit of the combined variant minus that of the technical variant, percentage points.
        difference_interval: the bootstrap interval of `difference`.
        differences: the same difference for each control.
        p_value: the two-sided p, as defined in `verdict`.
        verdict: the conclusion about sentiment.
        power: what the backtest could have found.
        effect: the trades that news changed.
        remarks: what Freqtrade said about errors of the strategy after which it went on.
        variants: a description for people of each variant that consists of one run.
        rules: how often rules held.
        signals: how many signals lie beyond each threshold.
        levels: the scores above and below which news is good or bad enough to act on.
        frames: the traded candles with indicators and sentiment, by pair.
    """

    plan: Plan
    inputs: Inputs
    start: datetime
    end: datetime
    candle: timedelta
    fee: float
    accounts: Mapping[Variant, Account]
    offsets: tuple[int, ...]
    smallest_offset: int
    controls: tuple[Figures, ...]
    shuffled: Mapping[str, float | None]
    shuffled_range: Mapping[str, Interval | None]
    difference: float
    difference_interval: Interval | None
    differences: tuple[float, ...]
    p_value: float | None
    verdict: Verdict
    power: Power
    effect: Effect
    remarks: tuple[str, ...]
    variants: Mapping[Variant, str]
    rules: Row
    signals: Row
    levels: tuple[float, float]
    frames: Frames


def run_backtest(plan: Plan, *, jobs: int = 1, progress: Progress = quiet) -> Backtest:
    """Run everything that `plan` asks for; controls run in `jobs` processes, whose number changes no figure.

    Raises:
        StopProgram: an input is missing or wrong, or Freqtrade refuses; the message says what is wrong and where.
    """
    progress(0, len(Variant) + plan.controls)
    inputs = read_inputs(plan)
    candle = next(iter(inputs.candles.values())).length
    readable = readable_candles(plan.candles, futures=plan.futures)
    with private_exchange(inputs.pairs) as url, readable as folder:
        config = freqtrade_config(plan, inputs.pairs, inputs.stake_currency, url)
        tasks = Controls(config, folder, inputs.signals, candle, plan.changes, plan.user_data)
        with tasks.engine() as engine:
            variants = (*engine.subject.variants, Variant.BUY_AND_HOLD)
            total = len(variants) + plan.controls
            accounts = {}
            for number, variant in enumerate(variants):
                progress(number, total)
                accounts[variant] = _account(plan, inputs, engine, variant, candle)
            length = int((engine.last - engine.start) / candle) + 1
            offsets = random_offsets(length, candle, plan.controls, plan.seed)
            tasks = replace(tasks, reads_news=engine.reads_news)
            controls = run_controls(
                tasks, engine, offsets, jobs, lambda done: progress(len(variants) + done, total)
            )
            return _concluded(plan, inputs, engine, accounts, offsets=offsets, controls=controls)


def _account(plan: Plan, inputs: Inputs, engine: Engine, variant: Variant, candle: timedelta) -> Account:
    ran = engine.run(variant)
    worth = equity_of(ran, plan.wallet, candle, inputs.stake_currency)
    days = days_of(ran.trades, worth)
    drawn = bootstrap.draw_days(len(days.steps), plan.seed)
    return Account(
        ran=ran,
        equity=worth,
        days=days,
        figures=figures_of(ran.trades, worth),
        intervals=bootstrap.intervals(days, drawn),
        freqtrade=freqtrade_figures(ran, plan.strategy, inputs.pairs, engine.start, engine.last),
    )


def _concluded(
    plan: Plan,
    inputs: Inputs,
    engine: Engine,
    accounts: Mapping[Variant, Account],
    *,
    offsets: tuple[int, ...],
    controls: tuple[Figures, ...],
) -> Backtest:
    combined, technical = accounts[Variant.COMBINED], accounts[Variant.TECHNICAL]
    candle = next(iter(inputs.candles.values())).length
    end = engine.last + candle
    alone = technical.figures.profit_pct
    difference = combined.figures.profit_pct - alone
    differences = tuple(control.profit_pct - alone for control in controls)
    drawn = bootstrap.draw_days(len(combined.days.steps), plan.seed)
    return Backtest(
        plan=plan,
        inputs=inputs,
        start=engine.start,
        end=end,
        candle=candle,
        fee=engine.fee,
        accounts=accounts,
        offsets=offsets,
        smallest_offset=smallest_offset(int((end - engine.start) / candle), candle),
        controls=controls,
        shuffled={name: _median(_values(controls, name)) for name in FIGURES},
        shuffled_range={name: bootstrap.percentiles(_values(controls, name)) for name in FIGURES},
        difference=difference,
        difference_interval=bootstrap.difference_interval(combined.days, technical.days, drawn),
        differences=differences,
        p_value=p_value(difference, differences) if differences else None,
        verdict=verdict_of(
            combined.figures.trades,
            difference,
            differences,
            _when(engine.start, end),
            engine.subject.rules_alone,
        ),
        power=power_of(combined.figures.trades, end - engine.start, differences),
        effect=effect_of(technical.ran.trades, combined.ran.trades),
        remarks=tuple(engine.log.of_callbacks),
        variants=engine.subject.variants,
        rules=engine.subject.rules_fired(engine.traded, combined.ran.trades),
        signals=engine.subject.signals_beyond(_of_the_period(inputs, engine.start, end), engine.traded),
        levels=engine.subject.levels,
        frames=engine.traded,
    )


def _values(controls: tuple[Figures, ...], name: str) -> list[float | None]:
    return [getattr(control, name) for control in controls]


def _median(values: list[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return float(np.median(defined)) if 2 * len(defined) > len(values) else None


def _of_the_period(inputs: Inputs, start: datetime, end: datetime) -> pd.DataFrame:
    signals = pd.concat([inputs.signals_of(pair) for pair in inputs.pairs])
    times = signals["available_at"]
    return signals[(times >= start) & (times < end)]


def _when(start: datetime, end: datetime) -> str:
    return f"from {start:%Y-%m-%d} to {end:%Y-%m-%d}"
