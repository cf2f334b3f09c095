"""Decides whose signals serve a pair. Pure.

News is about an asset and not about a pair, so a pair for which there are no signals can use those of another name of
its asset: `BTC/USDC` and `BTC/USDT:USDT` those of `BTC` or `BTC/USDT`. The names of a pair have a fixed order
(`serving_order`), which depends on nothing but the names: the pair itself, the pair without its settlement currency,
the asset, then the other pairs of the asset.

A pair is served by one name at a time: the first one in this order with a signal in the last `OWN_FIRST`. A signal
counts for the pair if its name was the serving one when the signal became available, or if it corrects such a signal.
Whether a signal counts thus depends only on earlier signals: the result is the same live and in a backtest, and a pair
that gets signals of its own later does not change what was known before.

The quote currency decides nothing: `ETH/BTC` is served by news of ETH, and news of BTC is not read for it.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

OWN_FIRST = timedelta(hours=24)
"""For so long after a signal of a name, the names behind it in the order do not count.

The store keeps signals for 48 hours, and a signal counts for less than a day after it became available: the store
still has what decides about a signal while that signal counts."""

_MULTIPLE = re.compile(r"(?:10{3,}|k)(?=[A-Z][A-Z0-9])|1M(?=[A-Z]{4})")
"""Exchanges sell a thousand (or more) units of cheap coins as one: 1000PEPE, 1MBABYDOGE, kSHIB; not 1INCH."""
_USUAL_QUOTES = ("USDT", "USDC", "USD", "FDUSD", "EUR")


def asset_of(name: str) -> str:
    """The asset that news of this pair or asset is about: BTC for BTC, BTC/USDC and BTC/USDT:USDT.

    1000PEPE/USDT:USDT is about PEPE. A leveraged token (BTCUP, BTC3L) is an asset of its own, because the value of
    some of them falls on good news.
    """
    return (
        _MULTIPLE.sub("", name.partition("/")[0], count=1)
        if name[:1] in {"1", "k"}
        else name.partition("/")[0]
    )


def serving_order(pair: str, names: Iterable[str]) -> tuple[str, ...]:
    """The pair, followed by the names of the same asset in the order in which they serve it."""
    asset, spot = asset_of(pair), pair.partition(":")[0]

    def place(name: str) -> tuple[bool, bool, int, bool, str]:
        quote = name.partition("/")[2].partition(":")[0]
        rank = _USUAL_QUOTES.index(quote) if quote in _USUAL_QUOTES else len(_USUAL_QUOTES)
        return name != spot, name != asset, rank, ":" in name, name

    others = {name for name in names if asset_of(name) == asset} - {pair}
    return pair, *sorted(others, key=place)


def usual_names(pair: str) -> tuple[str, ...]:
    """The names to look for where it is not known which names have signals, in the order of `serving_order`."""
    asset = asset_of(pair)
    pairs = (f"{asset}/{quote}" for quote in _USUAL_QUOTES)
    return serving_order(pair, (pair.partition(":")[0], asset, *pairs))


def names_for(pair: str, scored: frozenset[str] | None) -> tuple[str, ...]:
    """The names that may serve a pair; `scored` are the names that are scored, or None if this is unknown."""
    return usual_names(pair) if scored is None else serving_order(pair, scored)


def combined(pair: str, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The signals that count for a pair, all under the pair's name.

    Args:
        pair: the pair.
        frames: for each name of `serving_order`, its signals in a frame like that of `signals_frame`.
    """
    own, *others = frames
    if all(other.empty for other in others):
        return own
    before, counted = own["available_at"], [own]
    for other in others:
        counted.append(other[_counts(other, before)])
        before = pd.concat([before, other["available_at"]])
    found = pd.concat([frame for frame in counted if not frame.empty] or [own], ignore_index=True)
    found = found.sort_values("available_at", kind="stable", ignore_index=True)
    # One article is scored for every pair of its asset, and may reach two names at different times.
    found = found.drop_duplicates(["article_id", "model", "revision"], ignore_index=True)
    return found.assign(pair=pair).astype({"pair": own["pair"].dtype})


def _counts(
    signals: pd.DataFrame, before: "pd.Series[pd.Timestamp]"
) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Which of these signals count, given when the signals of the names before became available."""
    times = np.sort(before.to_numpy(dtype="datetime64[us]"))
    available = signals["available_at"].to_numpy(dtype="datetime64[us]")
    until = np.searchsorted(times, available, side="right")
    since = np.searchsorted(times, available - np.timedelta64(OWN_FIRST), side="right")
    serves = until == since
    began = (
        signals["available_at"]
        .where(serves)
        .groupby([signals["article_id"], signals["model"]])
        .transform("min")
    )
    return np.asarray(serves | (signals["available_at"] > began).to_numpy(dtype=bool))
