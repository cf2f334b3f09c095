"""The part of a candle that has happened: a path through its four prices, walked as time passes.

A recorded candle does not say how the price moved inside it. The path goes from the open over both extremes
to the close, a third of the time for each leg. Which extreme comes first alternates from candle to candle:
were it chosen by the candle's direction, the first move would give away the close.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Bar:
    """Prices and volume of a candle, whole or in part."""

    open: float
    high: float
    low: float
    close: float
    volume: float


def so_far(bar: Bar, elapsed: float, *, high_first: bool, price_places: int, volume_places: int) -> Bar:
    """What is known of `bar` after `elapsed`, the fraction of its time that has passed, from 0 to below 1.

    The price is rounded to `price_places` and stays within the extremes; volume grows evenly, rounded down.
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
