"""Computes the state of a candle that is still forming, by following an assumed path through its four prices.

A recorded candle does not contain the order of its prices. The assumed path leads from the open through both extremes
to the close, with a third of the candle's time for each of the three parts. The high comes first in every second
candle, and the low in the others. If the direction of the candle determined this order, the first price change would
reveal in which direction the candle closes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Bar:
    """The prices and the volume of a whole or a forming candle."""

    open: float
    high: float
    low: float
    close: float
    volume: float


def so_far(bar: Bar, elapsed: float, *, high_first: bool, price_places: int, volume_places: int) -> Bar:
    """Return the state of `bar` after the fraction `elapsed` (at least 0, less than 1) of the candle's time.

    The price is rounded to `price_places` and stays between low and high. The volume grows evenly and is rounded
    down.
    """
    extremes = (bar.high, bar.low) if high_first else (bar.low, bar.high)
    waypoints = (bar.open, *extremes, bar.close)
    legs = list(pairwise(waypoints))
    position = elapsed * len(legs)
    leg = min(int(position), len(legs) - 1)
    begin, end = legs[leg]
    price = round(begin + (end - begin) * (position - leg), price_places)
    price = min(max(price, bar.low), bar.high)
    seen = (*waypoints[: leg + 1], price)
    unit = 10**volume_places
    volume = math.floor(bar.volume * elapsed * unit) / unit
    return Bar(bar.open, max(seen), min(seen), price, volume)
