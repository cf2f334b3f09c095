"""Decides which part of a headline is about which of its coins, as in "Bitcoin climbs while ether slides".

A headline is split at punctuation and conjunctions. A part that says nothing good or bad is joined to the next part
("Bitcoin, ether and XRP slide"), and a part that names no coin is joined to the part before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from services.sentiment_analyzer.matching.assets import Asset, load_registry

_JOINT = re.compile(
    r"\s*(?:[,;:](?!\d)|\b(?:while|whereas|but|although|though|as|and|yet)\b)\s*", re.IGNORECASE
)


@dataclass(slots=True)
class _Clause:
    tickers: set[str] = field(default_factory=set)
    pieces: list[str] = field(default_factory=list)
    closed: bool = False


def parts_by_asset(
    headline: str, assets: Sequence[Asset], says_something: Callable[[str], bool]
) -> Mapping[str, str]:
    """Return the part of a headline for each asset that has a part of its own, keyed by ticker.

    Args:
        headline: the headline to split.
        assets: the assets that the headline is about.
        says_something: returns whether a part says anything good or bad.

    Returns:
        The parts by ticker. An asset has no part if it is not named, or if its only clause is shared by all other
        assets.
    """
    names = names_of(tuple(assets))
    clauses: list[_Clause] = [_Clause()]
    for piece in _JOINT.split(headline):
        named = {names[1][match.lower()] for match in names[0].findall(piece)}
        if clauses[-1].closed and named:
            clauses.append(_Clause())
        clauses[-1].tickers |= named
        clauses[-1].pieces.append(piece)
        clauses[-1].closed = bool(clauses[-1].tickers) and (clauses[-1].closed or says_something(piece))
    if len(clauses) > 1 and not clauses[-1].closed:  # names without a verb: they belong to what was said last
        last = clauses.pop()
        clauses[-1].tickers |= last.tickers
        clauses[-1].pieces += last.pieces
    if len(clauses) == 1:
        return {}
    parts: dict[str, list[str]] = {}
    for clause in clauses:
        for ticker in clause.tickers:
            parts.setdefault(ticker, []).extend(clause.pieces)
    return {ticker: ", ".join(pieces) for ticker, pieces in parts.items()}


@lru_cache(maxsize=256)
def names_of(assets: tuple[Asset, ...], *, others: bool = False) -> tuple[re.Pattern[str], dict[str, str]]:
    """Return a pattern that finds any spelling of the assets, and the ticker of each spelling in lower case.

    Longer spellings are preferred. With `others` the pattern also finds the unambiguous spellings of the other assets
    in the registry.
    """
    tickers: dict[str, str] = {}
    for asset in assets:
        for spelling in (asset.ticker, *asset.names, *asset.symbols, *asset.words, *asset.common):
            tickers.setdefault(spelling.lower(), asset.ticker)
    for asset in load_registry().assets.values() if others else ():
        for spelling in (*asset.names, *asset.symbols):
            tickers.setdefault(spelling.lower(), asset.ticker)
    spellings = "|".join(re.escape(spelling) for spelling in sorted(tickers, key=len, reverse=True))
    return re.compile(rf"(?<!\w)\$?({spellings})(?!\w)", re.IGNORECASE), tickers
