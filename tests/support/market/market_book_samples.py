"""A book of candles that can be told apart, for its tests."""

from __future__ import annotations

from services.common.messages import CandleData
from services.data_ingestor.market.candle_book import CandleBook, Publish
from services.data_ingestor.market.candles import Candle, RestAnswer, Row, read_answer

MINUTE = 60_000
T0 = 1_700_000_040_000
LATE = 58_000
"""Milliseconds into a candle: late enough to be the stream's last word on it."""


def at(step: int, into: int = 0) -> int:
    """So many milliseconds into candle number `step`."""
    return T0 + step * MINUTE + into


def row(step: int, close: float = 100.0) -> Row:
    """Candle number `step` as ccxt gives it, flat at `close`."""
    return (at(step), close, close, close, close, 1.0)


def candle(step: int, close: float = 100.0) -> Candle:
    """The same as a candle."""
    return Candle(at(step), CandleData(open=close, high=close, low=close, close=close, volume=1.0))


def answer(*rows: Row, now_ms: int) -> RestAnswer:
    """A REST answer read at `now_ms`."""
    return read_answer(rows, MINUTE, now_ms)


def begun(last: int = 0) -> CandleBook:
    """A book whose last published candle is `last` and whose stream began during the next one."""
    book = CandleBook(MINUTE)
    book.begin(at(last), answer(row(last), row(last + 1), now_ms=at(last + 1)), at(last + 1))
    return book


def published(book: CandleBook) -> list[int]:
    """Take what is ready as published; returns the numbers of the candles."""
    step = book.next_step()
    if not isinstance(step, Publish):
        return []
    book.settle(step.ready[-1].candle.open_ms)
    return [(one.candle.open_ms - T0) // MINUTE for one in step.ready]


def following(book: CandleBook, last: int) -> None:
    """The stream has been followed since before the candle after `last`, which is published."""
    book.observe([candle(last)], at(last, LATE))
    book.observe([candle(last + 1)], at(last + 1))
