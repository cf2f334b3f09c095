"""Reads the inputs of a study: the signals of a sentiment CSV, and candles that cover as many signals as possible."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from services.common.errors import StopProgram
from services.common.values import timeframe_seconds
from services.research.candles import Candles, list_candles, load_candles, read_candles
from services.research.sentiment_csv import read_sentiment_csv


def read_signals(path: Path) -> pd.DataFrame:
    """Read the signals of a sentiment CSV, as `read_sentiment_csv` returns them; there is at least one.

    Raises:
        StopProgram: the file cannot be read or has no signal, or a line is wrong; the message names file, line and
            what was expected.
    """
    signals = read_sentiment_csv(path)
    if signals.empty:
        raise StopProgram(f"sentiment CSV {path} has no rows after its header; expected at least one signal")
    return signals


def read_candles_for(
    signals: pd.DataFrame, directory: Path, timeframe: str | None, pairs: Collection[str]
) -> Mapping[str, Candles]:
    """Read the candles of `pairs`, or of all pairs that have both signals and candles.

    If no timeframe is given, the timeframe whose candles cover the most signals is used; of several such timeframes,
    the shortest.

    Raises:
        StopProgram: the directory, a pair or a file is missing or wrong, or no pair has signals and candles.
    """
    files = list_candles(directory)
    with_signals = {str(pair) for pair in signals["pair"].unique()}
    wanted = sorted(pairs) or sorted({file.pair for file in files} & with_signals)
    if not wanted:
        there = ", ".join(f"{file.pair} {file.timeframe}" for file in files)
        raise StopProgram(
            f"{directory} has candles of no pair that has signals ({', '.join(sorted(with_signals))}); "
            f"it has {there or 'no candle file at all'}"
        )
    chosen = timeframe or _covering(signals, directory, wanted)
    at_hand = [file.pair for file in files if file.timeframe == chosen and file.pair in wanted]
    return load_candles(directory, chosen, wanted if pairs else at_hand)


def _covering(signals: pd.DataFrame, directory: Path, pairs: Collection[str]) -> str:
    covered: dict[str, int] = {}
    for file in list_candles(directory):
        if file.pair in pairs:
            candles = read_candles(file)
            times = signals.loc[signals["pair"] == file.pair, "available_at"]
            inside = int(((times >= candles.start) & (times < candles.end)).sum())
            covered[file.timeframe] = covered.get(file.timeframe, 0) + inside
    if not covered:
        raise StopProgram(f"{directory} has no candles of {', '.join(pairs)}")
    return max(covered, key=lambda timeframe: (covered[timeframe], -timeframe_seconds(timeframe)))
