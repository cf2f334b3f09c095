"""Defines candles, and determines which of the candles listed by REST are closed.

The functions are pure. All times are parameters, in milliseconds since the epoch on the exchange's clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from services.common.errors import NeverWorks
from services.common.messages import CandleData

CLOSE_MARGIN_MS = 10_000
"""The time after its end during which the exchange may still change a candle, if no later candle is listed."""

FUTURE_MARGIN_MS = 60_000
"""The maximum time by which a candle's open time may be later than the exchange's estimated time."""

_FIELDS = ("open", "high", "low", "close", "volume")

Row = Sequence[Any]
"""A candle in ccxt's format: open time in milliseconds, open, high, low, close, volume."""


@dataclass(frozen=True, slots=True)
class Candle:
    """One candle. It is identified by its pair, its timeframe and its open time `open_ms`."""

    open_ms: int
    data: CandleData


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is not a valid candle. `open_ms` is None if the open time is invalid too."""

    open_ms: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class RestAnswer:
    """The evaluated content of one REST answer.

    Attributes:
        closed: the closed and valid candles, oldest first.
        refused: the rows that are not valid candles.
        newest: the newest valid candle, closed or still forming; None if there is no valid candle.
        complete_through_ms: the time up to which the answer is complete. The answer lists every closed candle that
            opens between its first candle and this time. None if the answer has no candle.
    """

    closed: tuple[Candle, ...]
    refused: tuple[Refused, ...]
    newest: Candle | None
    complete_through_ms: int | None


def parse_row(row: Row, now_ms: int) -> Candle:
    """Parse one row of ccxt.

    Args:
        row: the open time in milliseconds, open, high, low, close, volume; more columns are ignored.
        now_ms: the exchange's current time. A candle that opens more than a minute later is refused, because every
            candle before it would count as closed.

    Raises:
        NeverWorks: the time is invalid; a price is missing, zero, negative, NaN or infinite; the high is below the
            low; or the volume is negative. A volume of zero is valid and means that nobody traded.
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
    """Return the open time of a row in milliseconds, or None if it is missing or invalid."""
    value = row[0] if row else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 < value < float("inf") else None


def read_rows(rows: Sequence[Row], now_ms: int) -> tuple[list[Candle], list[Refused]]:
    """Separate rows into valid candles, oldest first, and refused rows. The last row wins if open times are equal."""
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

    The last listed candle counts as closed if it ended at least `CLOSE_MARGIN_MS` before `now_ms`, the exchange's
    current time. All earlier candles are closed, because a later one exists.
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
