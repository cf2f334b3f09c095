"""Runs the controls: the whole strategy, many times, on news shifted in time, in several processes if that is faster.

The figures of a control depend only on its offset, so they do not depend on the number of processes.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from services.common.errors import StopProgram
from services.common.runtime.children import end_with_parent
from services.research.backtest.account import Figures, equity_of, figures_of
from services.research.backtest.engine import Engine
from services.research.backtest.plan import Variant
from services.research.backtest.shift import shifted

Done = Callable[[int], None]
"""A function that is called with the number of controls that are done."""

WORTH_A_PROCESS = 15
"""The number of controls that take about as long as the start of one more process."""


@dataclass(frozen=True, eq=False)
class Controls:
    """The data that a process needs to run controls.

    Attributes:
        config: Freqtrade's configuration; the exchange in it must answer while processes start.
        candles: the directory of the candle files.
        signals: the signals of all pairs.
        candle: length of a candle.
        changes, user_data: those of `plan.Plan`.
        reads_news: as of `Engine`.
    """

    config: Mapping[str, Any]
    candles: Path
    signals: pd.DataFrame
    candle: timedelta
    changes: Mapping[str, str] = field(default_factory=dict)
    user_data: Path | None = None
    reads_news: bool | None = None

    def engine(self, *, shows: bool = True) -> Engine:
        """Load an engine that runs controls; `shows` is that of `Engine`."""
        return Engine(
            self.config,
            self.candles,
            signals=self.signals,
            changes=self.changes,
            user_data=self.user_data,
            reads_news=self.reads_news,
            shows=shows,
        )

    def one(self, engine: Engine, offset: int) -> Figures:
        """Return the figures of the whole strategy with the news moved by `offset` candles."""
        moved = shifted(self.signals, engine.start, engine.last + self.candle, offset * self.candle)
        ran = engine.run(Variant.COMBINED, moved)
        wallet, currency = float(self.config["dry_run_wallet"]), str(self.config["stake_currency"])
        return figures_of(ran.trades, equity_of(ran, wallet, self.candle, currency))


def run_controls(
    controls: Controls, engine: Engine, offsets: Sequence[int], jobs: int, done: Done
) -> tuple[Figures, ...]:
    """Return the figures for each offset, in the order of the offsets.

    If starting more processes would take longer, `engine` runs the controls in this process.

    Raises:
        StopProgram: a process was ended from outside.
    """
    different = sorted(set(offsets))
    processes = min(jobs, -(-len(different) // WORTH_A_PROCESS))
    found: dict[int, Figures] = {}
    results = (
        _by_processes(controls, different, processes)
        if processes > 1
        else ((offset, controls.one(engine, offset)) for offset in different)
    )
    for count, (offset, figures) in enumerate(results, start=1):
        found[offset] = figures
        done(count * len(offsets) // len(different))
    return tuple(found[offset] for offset in offsets)


def _by_processes(
    controls: Controls, offsets: Sequence[int], processes: int
) -> Iterator[tuple[int, Figures]]:
    with _pool(controls, processes) as pool:
        waiting: dict[Future[Figures], int] = {pool.submit(_work, offset): offset for offset in offsets}
        try:
            for future in as_completed(waiting):
                yield waiting[future], future.result()
        except BrokenProcessPool as error:
            raise StopProgram(
                "a process that ran controls was ended from outside, perhaps for lack of memory; try --jobs 1"
            ) from error


@contextmanager
def _pool(controls: Controls, processes: int) -> Iterator[ProcessPoolExecutor]:
    # Fresh processes: a fork would copy locks that threads of Freqtrade's libraries may hold.
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(processes, context, _start_work, (controls, os.getpid()))
    try:
        yield pool
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()  # their results are no longer needed
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_AT_WORK: list[tuple[Controls, Engine]] = []


def _start_work(controls: Controls, parent: int) -> None:
    """Load Freqtrade in a process of the pool. The process ends with its parent; only the parent handles Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)
    _AT_WORK.append((controls, controls.engine(shows=False)))


def _work(offset: int) -> Figures:
    controls, engine = _AT_WORK[0]
    return controls.one(engine, offset)
