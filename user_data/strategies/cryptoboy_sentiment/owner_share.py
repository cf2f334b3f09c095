"""Computes a weighted mean of each candle's signals in which no owner outweighs all others by number of signals.

At each candle, the signals of an owner together weigh at most

    max(its heaviest single signal, the sum of the weights of all other owners' signals)

If they weigh more, all of them are scaled down by the same factor. One strong signal therefore counts fully, thirty
copies count no more than all other signals together, and if there is only one owner, its signals are not scaled.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Terms(NamedTuple):
    """Pairs of a candle and a signal that counts for it; a candle's pairs are in the order of publication."""

    candle: Integers  # from 0
    weight: Floats
    score: Floats
    owner: Integers  # from 0

    def only(self, wanted: Booleans) -> "Terms":
        """The terms in the selected rows."""
        return Terms(self.candle[wanted], self.weight[wanted], self.score[wanted], self.owner[wanted])


class Sums(NamedTuple):
    """For each candle: the sum of its weights before scaling, the number of its signals, and their mean."""

    weight: Floats
    signals: Integers
    mean: Floats  # NaN where there is no weight


def sums(terms: Terms, candles: int, owners: int) -> Sums:
    """The sums for each candle; `candles` and `owners` are the numbers of candles and owners.

    Each sum adds its terms one after the other in their order, so the result for a candle is the same to the
    last bit, regardless of the other candles.
    """
    signals = np.bincount(terms.candle, minlength=candles)
    weight = _added(terms.candle, terms.weight, candles)
    scaled = terms.weight * _scale(terms, weight, owners)
    score, total = (_added(terms.candle, each, candles) for each in (scaled * terms.score, scaled))
    mean = np.divide(score, total, out=np.full(candles, np.nan), where=total > 0)
    return Sums(weight, signals, np.clip(mean, -1.0, 1.0))


def _added(place: Integers, values: Floats, places: int) -> Floats:
    """The sum of the values of each group.

    Without the values, `bincount` would return the number of members of each group.
    """
    return np.bincount(place, values, places).astype(np.float64)


def _scale(terms: Terms, total: Floats, owners: int) -> Floats:
    """The scaling factor of each weight. At most one owner of a candle can outweigh all others together."""
    candles = len(total)
    of_owner = _added(terms.candle * owners + terms.owner, terms.weight, candles * owners)
    of_owner = of_owner.reshape(candles, owners)
    first = of_owner.argmax(axis=1)
    its_weight = of_owner[np.arange(candles), first]
    others = total - its_weight
    outweighs = (its_weight > others) & (others > 0)
    its_own = outweighs[terms.candle] & (terms.owner == first[terms.candle])
    heaviest = np.zeros(candles)
    np.maximum.at(heaviest, terms.candle[its_own], terms.weight[its_own])
    share = np.divide(np.maximum(heaviest, others), its_weight, out=np.ones(candles), where=outweighs)
    return np.where(its_own, np.minimum(share, 1.0)[terms.candle], 1.0)
