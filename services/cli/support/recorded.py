"""The word `history` in the place of a file of signals or a directory of candles: what the system itself recorded."""

from __future__ import annotations

import atexit
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from services.cli.support.options import load_settings
from services.common.history.port import HistoryReader
from services.common.settings.history import HISTORY_FIELDS

if TYPE_CHECKING:
    from services.operations.why.repeated import OwnTrades
    from services.research.backtest.run import Backtest

RECORDED = Path("history")
"""A file with this name is written ./history."""

C = TypeVar("C", Path, Path | None)
S = TypeVar("S", Path, Path | None)


def with_recorded(candles: C, sentiment: S) -> tuple[C | Path, S | Path]:
    """Return the directory of candles and the sentiment CSV, made from the history where `history` stands for them.

    What is made is removed when the process ends.

    Raises:
        TryLater: the history is not available.
        StopProgram: the history refuses the connection, or has no candles or no signals.
    """
    if RECORDED not in {candles, sentiment}:
        return candles, sentiment
    from services.common.history.open import open_reader

    made = tempfile.TemporaryDirectory(prefix="cryptoboy-history-")
    atexit.register(made.cleanup)
    folder = Path(made.name)
    with closing(open_reader(load_settings(HISTORY_FIELDS))) as reader:
        return (
            _candles(reader, folder) if candles == RECORDED else candles,
            _sentiment(reader, folder) if sentiment == RECORDED else sentiment,
        )


def own_trades(found: Backtest) -> OwnTrades | None:
    """Compare the variant `combined` of a backtest with the recorded trades; None if the history has none of that time.

    Raises:
        TryLater: the history is not available.
        StopProgram: the history refuses the connection.
    """
    from services.common.history.open import open_reader
    from services.operations.why.placed_trades import Backtested
    from services.operations.why.repeated import compare_with_own
    from services.research.backtest.plan import Variant

    tested = Backtested(
        pairs=found.inputs.pairs,
        timeframe=found.plan.timeframe,
        candle=found.candle,
        start=found.start,
        end=found.end,
        trades=found.accounts[Variant.COMBINED].ran.trades,
        frames=found.frames,
    )
    settings = load_settings(HISTORY_FIELDS | {"sentiment_staleness_hours"})
    staleness = timedelta(hours=settings.sentiment_staleness_hours)
    with closing(open_reader(settings)) as reader:
        return compare_with_own(reader, tested, now=datetime.now(UTC), staleness=staleness)


def _sentiment(reader: HistoryReader, folder: Path) -> Path:
    from services.common.history.queries import SignalFilter
    from services.research.history.recorded.signals import export_recorded

    return export_recorded(reader, SignalFilter(), folder / "history.csv").sentiment


def _candles(reader: HistoryReader, folder: Path) -> Path:
    """Return a directory with the recorded candles, and all longer ones that can be built from them."""
    from services.replay_exchange.candle_folder import make_candle_folder
    from services.research.history.recorded.candles import write_recorded_candles

    recorded, candles = folder / "recorded", folder / "candles"
    recorded.mkdir()
    write_recorded_candles(reader, recorded)
    make_candle_folder(recorded, candles, (), futures=False)
    return candles
