"""What a candle is, and which of the candles that an exchange lists over REST are closed.

Pure functions: all times are passed in, as milliseconds since the epoch on the exchange's clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from services.common.errors import NeverWorks
from services.common.messages import CandleData

CLOSE_MARGIN_MS = 10_000
"""How long after its end a candle may still change on the exchange's side, while no later one is listed."""

FUTURE_MARGIN_MS = 60_000
"""How far ahead of the exchange's clock, as far as we know it, a candle may open."""

_FIELDS = ("open", "high", "low", "close", "volume")

Row = Sequence[Any]
"""A candle as ccxt gives it: open time in milliseconds, open, high, low, close, volume."""


@dataclass(frozen=True, slots=True)
class Candle:
    """One candle; `open_ms` is its open time and, with pair and timeframe, its identity."""

    open_ms: int
    data: CandleData


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is no valid candle. `open_ms` is None if its open time is invalid too."""

    open_ms: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class RestAnswer:
    """What is known from one REST answer.

    Attributes:
        closed: the closed and valid candles, oldest first.
        refused: rows that are no valid candles.
        newest: the newest valid candle, closed or still forming; None if there is none.
        complete_through_ms: every closed candle that opens from the beginning of the answer up to here is listed in it;
            None if the answer has no candle.
    """

    closed: tuple[Candle, ...]
    refused: tuple[Refused, ...]
    newest: Candle | None
    complete_through_ms: int | None


def parse_row(row: Row, now_ms: int) -> Candle:
    """Read one row of ccxt.

    Args:
        row: open time in milliseconds, open, high, low, close, volume; more columns are ignored.
        now_ms: the exchange's clock; a candle that opens later than a minute from now is refused, because every candle
            before it would count as closed.

    Raises:
        NeverWorks: an invalid time, a price that is missing, zero, negative, NaN or infinite, a high below the low, or
            a negative volume. A volume of zero is valid: nobody traded.
    """
    if len(row) <= len(_FIELDS):
        raise NeverWorks(f"a candle has 6 columns, not {len(row)}")
    open_ms = open_time(row)
    if open_ms is None:
        raise NeverWorks(f"{row[0]!r} is no open time")
    if open_ms > now_ms + FUTURE_MARGIN_MS:
        raise NeverWorks(f"it opens {(open_ms - now_ms) / 1000:.0f} s after now; check the clock")
    try:
        return Candle(open_ms, CandleData(**dict(zip(_FIELDS, row[1:6], strict=True))))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in problem["loc"]) or "candle"
        raise NeverWorks(f"{field}: {problem['msg']}") from None


def open_time(row: Row) -> int | None:
    """The open time of a row in milliseconds, or None if it is missing or invalid."""
    value = row[0] if row else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 < value < float("inf") else None


def read_rows(rows: Sequence[Row], now_ms: int) -> tuple[list[Candle], list[Refused]]:
    """Divide rows into valid candles, oldest first, each open time once (the last row wins), and refused rows."""
    candles: dict[int, Candle] = {}
    refused: list[Refused] = []
    for row in rows:
        try:
            candle = parse_row(row, now_ms)
        except NeverWorks as error:
            open_ms = open_time(row)
            believable = open_ms is not None and open_ms <= now_ms + FUTURE_MARGIN_MS
            refused.append(Refused(open_ms if believable else None, str(error)))
        else:
            candles[candle.open_ms] = candle
    return [candles[open_ms] for open_ms in sorted(candles)], refused


def read_answer(rows: Sequence[Row], timeframe_ms: int, now_ms: int) -> RestAnswer:
    """Evaluate a REST answer.

    The last candle listed is closed once its end is `CLOSE_MARGIN_MS` ago on the exchange's clock (`now_ms`); all
    earlier ones are closed, because a later one exists.
    """
    candles, refused = read_rows(rows, now_ms)
    if not candles:
        return RestAnswer((), tuple(refused), None, None)
    newest = candles[-1]
    ended = newest.open_ms + timeframe_ms + CLOSE_MARGIN_MS <= now_ms
    return RestAnswer(
        closed=tuple(candles if ended else candles[:-1]),
        refused=tuple(refused),
        newest=newest,
        complete_through_ms=newest.open_ms if ended else newest.open_ms - 1,
    )
