"""Keeps how far backtests repeated the trades of the bot, for the weekly brief.

`./cryptoboy backtest` writes a file for each comparison beside the pages of reports. The notifier only reads them: a
backtest needs Freqtrade and takes minutes.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from services.common.files import read_small, write_whole
from services.operations.answer import Answer
from services.operations.why.repeated import OwnTrades

MOST_KEPT = 50
NEAR = timedelta(days=1)
"""A comparison is one of a period if it begins and ends at most this long before or after the period does."""
_NAMES = "own-trades-*.json"


@dataclass(frozen=True, slots=True)
class Comparison(Answer):
    """A backtest with the recorded signals, compared with the trades that the bot made in the same time.

    Attributes:
        made: when the backtest was finished.
        start: when its first traded candle opens.
        end: when its last traded candle closes.
        options: those options of the command that changed thresholds or left signals out; empty if there were none.
        own: how far it repeated the bot's trades.
    """

    made: datetime
    start: datetime
    end: datetime
    strategy: str
    timeframe: str
    pairs: tuple[str, ...]
    options: str
    own: OwnTrades


def keep_comparison(folder: Path, comparison: Comparison) -> None:
    """Keep a comparison, and remove the oldest of more than 50. Raises OSError if it cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = f"{comparison.made.astimezone(UTC):%Y%m%dT%H%M%S%f}"
    write_whole(folder / _NAMES.replace("*", stamp), json.dumps(comparison.as_json()))
    for old in _newest_first(folder)[MOST_KEPT:]:
        old.unlink(missing_ok=True)


def newest_comparison(folder: Path, since: datetime, until: datetime) -> Comparison | None:
    """The newest comparison of a period that is kept. Files that cannot be read are left out."""
    reading = TypeAdapter(Comparison)
    for path in _newest_first(folder):
        with suppress(OSError, UnicodeDecodeError, ValidationError):
            found = reading.validate_json(read_small(path))
            if abs(found.start - since) <= NEAR and abs(found.end - until) <= NEAR:
                return found
    return None


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob(_NAMES), reverse=True)
