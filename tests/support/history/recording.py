"""Records signals and candles of research in a history, as the recorder would have."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta

import pandas as pd

from services.common.history.port import Batch
from services.common.history.rows import CandleRow, SignalRow
from services.common.history.writing import open_history
from services.common.settings.settings import Settings
from services.common.values import timeframe_seconds
from services.research.candles import Candles


def record(settings: Settings, signals: pd.DataFrame, candles: Iterable[Candles]) -> None:
    """Write the rows of a sentiment CSV and candles to the history of the settings."""
    with closing(open_history(settings)) as writer:
        writer.write(
            Batch(
                signals=[
                    _signal_row(dict(zip(signals.columns, row, strict=True))) for row in signals.to_numpy()
                ],
                candles=[row for each in candles for row in _candle_rows(each)],
            )
        )


def _signal_row(fields: dict[str, object]) -> SignalRow:
    named = {"score": "sentiment_score", "label": "sentiment_label"}
    values = {named.get(name, name): value for name, value in fields.items()}
    values["published"] = pd.Timestamp(values["published"]).to_pydatetime()  # type: ignore[arg-type]  # of the frame
    values["available_at"] = pd.Timestamp(values["available_at"]).to_pydatetime()  # type: ignore[arg-type]  # as above
    values["corroboration"] = int(values["corroboration"])  # type: ignore[call-overload]  # as above
    times = {"analyzed_at": values["available_at"], "recorded": values["available_at"]}
    return SignalRow(**values, **times)  # type: ignore[arg-type]  # as above


def _candle_rows(candles: Candles) -> Iterable[CandleRow]:
    length = timedelta(seconds=timeframe_seconds(candles.timeframe))
    for date, *numbers in candles.frame.itertuples(index=False):
        prices = dict(zip(("open", "high", "low", "close", "volume"), map(float, numbers), strict=True))
        closed = date.to_pydatetime() + length
        yield CandleRow(
            symbol=candles.pair,
            timeframe=candles.timeframe,
            opened=date.to_pydatetime(),
            collected=closed,
            recorded=closed,
            **prices,
        )
