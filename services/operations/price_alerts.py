"""Price alerts: what a person writes, and which recorded candle reaches the price first."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.common.errors import StopProgram
from services.common.history.notifying.rows import AlertSide, PriceAlertRow, new_alert_id
from services.common.history.port import HistoryReader
from services.common.history.rows import CandleRow
from services.common.settings.settings import Settings
from services.operations.pairs import named_pair
from services.operations.portfolio import is_fresh
from services.operations.words import price

MOST_OPEN = 50
"""The largest number of open price alerts."""
EXAMPLE = "BTC above 120000"
_WRITTEN = re.compile(
    r"(?P<name>[a-z0-9/:]{1,60})(\s+(?P<word>above|below|over|under)\s+|\s*(?P<sign>[<>]=?)\s*)(?P<price>\S+)",
    re.IGNORECASE | re.ASCII,
)
_ABOVE = frozenset({"above", "over", ">", ">="})
_NUMBER = re.compile(r"([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]+)?", re.ASCII)
_THOUSANDS_OR_DECIMALS = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}", re.ASCII)
_THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class Reached:
    """An alert, and the first recorded candle in which its price was reached."""

    alert: PriceAlertRow
    candle: CandleRow


def new_alert(
    history: HistoryReader, settings: Settings, text: str, *, by: str, now: datetime
) -> PriceAlertRow:
    """Return the alert that a person asks for, as in `BTC above 120000`.

    Args:
        history: says whether there are candles of the pair, its last price, and the alerts that are open.
        settings: names the pairs that are watched, by which an asset becomes a pair, and the timeframe of candles.
        text: what the person wrote.
        by: who asks.
        now: the present instant.

    Raises:
        ValueError: the text is not understood, or the alert could never be told or would be told at once; the message
            is for the person.
        TryLater, StopProgram: as the history does.
    """
    name, side, limit = _read(text)
    pair = _pair(name, settings)
    candle = history.newest_candles(now).get((pair, settings.candle_timeframe))
    if candle is None or not is_fresh(candle, now):
        raise ValueError(
            f"no candle of {pair} was recorded in the last day, so nobody would notice its price"
        )
    if _is_beyond(side, limit, candle.close):
        raise ValueError(f"{pair} is at {price(candle.close)}, which is already {side} {price(limit)}")
    if _is_misread(text, limit, candle.close):
        raise ValueError(
            f"{pair} is at {price(candle.close)}, far from {price(limit)}; write thousands as 120000"
        )
    if len(history.price_alerts()) >= MOST_OPEN:
        raise ValueError(f"{MOST_OPEN} price alerts are open, which is the most; remove one first")
    return PriceAlertRow(alert_id=new_alert_id(), pair=pair, side=side, price=limit, by=by, set_at=now)


def reached(alerts: Iterable[PriceAlertRow], candles: Iterable[CandleRow]) -> tuple[Reached, ...]:
    """The open alerts whose price is reached in one of these candles, each with the first such candle.

    Of the candle in which an alert was set, only the close counts: its high and low may be older than the alert.
    """
    rising = sorted(candles, key=lambda candle: (candle.opened, candle.collected))
    found = []
    for alert in alerts:
        first = next((candle for candle in rising if _is_reached(alert, candle)), None)
        if first is not None and alert.told_at is None:
            found.append(Reached(alert, first))
    return tuple(found)


def _is_reached(alert: PriceAlertRow, candle: CandleRow) -> bool:
    if candle.symbol != alert.pair or candle.collected <= alert.set_at:
        return False
    if candle.opened < alert.set_at:
        return _is_beyond(alert.side, alert.price, candle.close)
    return _is_beyond(alert.side, alert.price, candle.high if alert.side is AlertSide.ABOVE else candle.low)


def _is_beyond(side: AlertSide, limit: float, value: float) -> bool:
    return value >= limit if side is AlertSide.ABOVE else value <= limit


def _read(text: str) -> tuple[str, AlertSide, float]:
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"write a pair or asset, above or below, and a price, as in: {EXAMPLE}")
    number = _NUMBER.fullmatch(found["price"])
    limit = float(number[0].replace(",", "")) if number else math.nan
    if not 0 < limit < math.inf:
        raise ValueError(
            f"{found['price'][:30]!r} is no price; write it with digits and a point, as in: {EXAMPLE}"
        )
    is_above = (found["word"] or found["sign"]).lower() in _ABOVE
    return found["name"].upper(), AlertSide.ABOVE if is_above else AlertSide.BELOW, limit


def _pair(name: str, settings: Settings) -> str:
    try:
        return named_pair(name, settings)
    except StopProgram as error:
        raise ValueError(str(error)) from None


def _is_misread(text: str, limit: float, current: float) -> bool:
    """Whether `120.000` was probably meant as 120000: it is nearer to the price by far."""
    if not _THOUSANDS_OR_DECIMALS.search(text):
        return False
    return (
        abs(math.log(limit * _THOUSAND / current)) < abs(math.log(limit / current)) if current > 0 else False
    )
